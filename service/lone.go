package service

import "time"

const (
	loneQuick = time.Millisecond      // what an answer may take for the next caller to read it
	loneFrom  = 8                     // calls in a row, each so quick, with no other one under way
	loneLeast = 10 * time.Millisecond // of a caller's time: where less is left a read would have to be broken off
)

// alone says that no other request was under way when this one was placed.
func (a *attempt) alone() bool { return a.among == 0 && !a.sent }

// leads says that its caller may read the answer itself.
func (a *attempt) leads(c *call) bool { return a.alone() && c.deadline.Sub(a.started) >= loneLeast }

func (a *attempt) ended() bool { return len(a.inbox.ends) > 0 }

// answeredAlone has the reader of an instance rest where one call follows the other, so that the next caller reads its
// answer itself. The lock is held.
func (i *instance) answeredAlone(a *attempt, took time.Duration) {
	if !a.alone() || took > loneQuick {
		i.lone = 0
		return
	}
	if i.lone++; i.lone >= loneFrom && len(i.pending) == 0 {
		i.peer.Rest()
	}
}

// lead waits for the end of a lone attempt where it is read, as long as that is quick. It may return before.
func (r *remote) lead(a *attempt, c *call) {
	if a.leads(c) && a.inst.peer.Lead(a.ended) {
		r.mu.Lock()
		defer r.mu.Unlock()
		a.inst.lone = 0
	}
}
