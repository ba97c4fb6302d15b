package peer

import (
	"encoding/binary"
	"errors"
	"sync"
)

// mailbox turns a pair of one-way sockets into calls, as whoever uses PUSH and PULL both ways has to: a message begins
// with an id, and who waits for which is in a table.
type mailbox struct {
	send func([]byte) error // safe for concurrent use; it does not keep what it is given

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan []byte

	ended chan struct{} // the socket gives nothing any more
}

const mailHeader = 8

var errEnded = errors.New("the socket was closed")

func newMailbox(send func([]byte) error) *mailbox {
	return &mailbox{send: send, waiting: map[uint64]chan []byte{}, ended: make(chan struct{})}
}

func (m *mailbox) call(body []byte) ([]byte, error) {
	answer := make(chan []byte, 1)
	m.mu.Lock()
	m.last++
	id := m.last
	m.waiting[id] = answer
	m.mu.Unlock()
	out := make([]byte, mailHeader, mailHeader+len(body))
	binary.BigEndian.PutUint64(out, id)
	if err := m.send(append(out, body...)); err != nil {
		m.take(id)
		return nil, err
	}
	select {
	case got := <-answer:
		return got, nil
	case <-m.ended:
		return nil, errEnded
	}
}

func (m *mailbox) take(id uint64) chan []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer := m.waiting[id]
	delete(m.waiting, id)
	return answer
}

// deliver hands answers to who waits for them until receive fails.
func (m *mailbox) deliver(receive func() ([]byte, error)) {
	defer close(m.ended)
	for {
		msg, err := receive()
		if err != nil {
			return
		}
		if len(msg) < mailHeader {
			continue
		}
		if answer := m.take(binary.BigEndian.Uint64(msg)); answer != nil {
			answer <- msg[mailHeader:]
		}
	}
}
