package service

import (
	"time"

	"quartet/transport/wire"
)

// allowance is how many calls a client has under way at an instance at a time. Windows are given generously, for apps
// are seldom busy all at once. When they are, the instance refuses what it cannot keep waiting, and a refusal that has
// travelled costs as much as an answer: so a client that meets one goes back to three quarters of what it had under
// way, and then adds one with as many answers as that. What is over waits or is refused at home, which costs next to
// nothing. The zero value is no limit; the remote's lock guards it.
type allowance struct {
	most float64   // 0: no limit but the window
	cut  time.Time // when it became less
}

// cutTo is the part that stays. It is never less than leastShare.
const cutTo = 0.75

// has says whether one more call may be under way.
func (l *allowance) has(underWay int) bool { return l.most == 0 || underWay < int(l.most) }

// refused notes that an instance was too busy for a call, with so many others under way there. What was asked before
// the last cut tells nothing new.
func (l *allowance) refused(asked time.Time, underWay int, now time.Time) {
	if asked.Before(l.cut) {
		return
	}
	if had := float64(underWay + 1); l.most == 0 || had < l.most {
		l.most = had
	}
	l.most = max(l.most*cutTo, leastShare)
	l.cut = now
}

// answered notes that an instance had time for a call.
func (l *allowance) answered(window int) {
	switch {
	case l.most == 0:
	case l.most >= float64(window):
		l.most = 0
	default:
		l.most += 1 / l.most
	}
}

// learn adapts the allowance to the end of an attempt. Sends and large requests have bounds of their own, and tell
// nothing about the others. The lock is held.
func (i *instance) learn(a *attempt, outcome wire.Outcome, now time.Time) {
	switch {
	case a.sent || a.size > largeRequest:
	case outcome == wire.OutcomeOverloaded:
		i.allowed.refused(a.started, i.awaited(), now)
	case outcome == wire.OutcomeAnswered:
		i.allowed.answered(i.window)
	}
}
