package site

import (
	"sync"
	"time"
)

// kept is how many receipts the site remembers.
const kept = 200

// Receipt is what the response handler got.
type Receipt struct {
	ID     string    `json:"id,omitempty"` // of the call it answers
	Path   string    `json:"path"`
	Method string    `json:"method"`
	Status int       `json:"status"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// Receipts remembers the latest few. The zero value is ready; all methods may be called from anywhere.
type Receipts struct {
	mu   sync.Mutex
	list []Receipt // oldest first
}

// Add remembers one more and forgets the oldest beyond the last 200.
func (rs *Receipts) Add(r Receipt) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.list) == kept {
		copy(rs.list, rs.list[1:])
		rs.list = rs.list[:kept-1]
	}
	rs.list = append(rs.list, r)
}

// Latest returns what is remembered, newest first, never nil.
func (rs *Receipts) Latest() []Receipt {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	latest := make([]Receipt, 0, len(rs.list))
	for i := len(rs.list) - 1; i >= 0; i-- {
		latest = append(latest, rs.list[i])
	}
	return latest
}
