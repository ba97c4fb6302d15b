package service

import "math/bits"

// leastShare is what an app may always have unanswered, however many there are.
const leastShare = 16

// shareOf is the window of each of n apps. Together they may have twice what the instance can run and keep waiting, for
// they are seldom busy all at once; in powers of two, so that it seldom changes.
func (o serverOptions) shareOf(apps int) int {
	most := max(2*(o.concurrency+o.backlog)/max(apps, 1), 1)
	share := max(1<<(bits.Len(uint(most))-1), leastShare)
	if apps <= 1 || share > o.window {
		return o.window
	}
	return share
}

// shareOut renews the windows of all apps if their number makes others of them; true if they were told. The lock is
// held. The old window stays good for what is under way: the instance itself keeps to the one of WithWindow.
func (s *Server) shareOut() bool {
	share := s.opts.shareOf(len(s.apps))
	if int(s.hello.WindowMessages) == share || s.draining.Load() {
		return false
	}
	renewed := *s.hello
	renewed.WindowMessages = uint32(share)
	s.hello = &renewed
	for a := range s.apps {
		a.frames.send(s.hello)
	}
	return true
}
