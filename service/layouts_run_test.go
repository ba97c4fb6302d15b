package service_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
)

// layoutRounds is how many rounds there are even on a machine that is very busy.
const layoutRounds = 4

// layoutRun is apps and instances under load, and the schedule by which they join and leave.
type layoutRun struct {
	t         *testing.T
	seed      uint64
	schemes   []string
	random    *rand.Rand // of the schedule alone
	reserved  []net.Listener
	apps      []*layoutApp
	instances []*layoutInstance

	book    *ledger
	sends   sync.Map      // layoutCall by number
	callers atomic.Uint64 // so far
	spell   atomic.Uint64 // odd while somebody is being cut off
	over    atomic.Bool
	tally   layoutTally
	must    []string // what is to be in the tally in the end
	wrongs  atomic.Int64
}

func newLayoutRun(t *testing.T, seed uint64, schemes []string) *layoutRun {
	return &layoutRun{t: t, seed: seed, schemes: schemes, random: rand.New(rand.NewPCG(seed, 0)), book: newLedger()}
}

// wrong fails the test and tells of the first few reasons.
func (r *layoutRun) wrong(format string, args ...any) {
	r.t.Helper()
	if n := r.wrongs.Add(1); n <= 20 {
		r.t.Errorf(format, args...)
	}
}

func (r *layoutRun) members() (all []layoutMember) {
	for _, i := range r.instances {
		all = append(all, i)
	}
	for _, a := range r.apps {
		all = append(all, a)
	}
	return all
}

// run lets them join and leave for a while, then looks at what they leave behind.
func (r *layoutRun) run(length time.Duration) {
	is := is.New(r.t)
	r.t.Cleanup(r.abandon)
	for _, ln := range r.reserved {
		ln.Close()
	}
	r.each(r.away(), layoutMember.join)
	end := time.Now().Add(length)
	for n := 0; n < layoutRounds || time.Now().Before(end); n++ {
		r.round(n%3 == 1)
	}
	r.each(r.away(), layoutMember.join)
	r.steady()
	r.over.Store(true)
	for _, a := range r.apps {
		a.callers.Wait()
	}
	await(r.t, "all are at rest", func() bool { return r.busy() == nil })
	for _, m := range slices.Backward(r.members()) {
		m.leave(gracefully)
	}
	is.Equal(r.book.problems(), nil)                                    // nothing lost unsaid, doubled or crossed
	is.True(r.book.total(func(e *entry) int { return e.answered }) > 0) // it was of some use
	for _, what := range r.must {
		is.True(r.tally.get(what) > 0) // it happened
	}
	r.t.Logf("%v; %v", r.book, &r.tally)
}

// round lets some leave and some come back. In a calm one all leave gracefully; in a rough one they may be cut off,
// and it is over only when everybody has got over that.
func (r *layoutRun) round(rough bool) {
	r.tally.count(map[bool]string{false: "calm rounds", true: "rough rounds"}[rough])
	going := r.choose()
	await(r.t, "everybody knows somebody who stays", func() bool { return r.known(going) })
	if rough {
		r.spell.Add(1)
		r.cutSomeLinks()
	}
	ways := map[layoutMember]leaving{}
	for _, m := range going {
		if rough {
			ways[m] = leaving(r.random.IntN(3))
		}
	}
	r.each(going, func(m layoutMember) {
		r.tally.count(fmt.Sprintf("%v: %s", ways[m], m.group()))
		m.leave(ways[m])
	})
	<-time.After(time.Duration(r.random.IntN(60)) * time.Millisecond)
	coming := slices.DeleteFunc(r.away(), func(layoutMember) bool { return r.random.IntN(4) == 0 })
	r.each(coming, layoutMember.join)
	switch {
	case rough:
		r.settle()
		r.spell.Add(1)
	case r.random.IntN(4) == 0:
		r.steady()
	}
}

// cutSomeLinks cuts all links between an app and one of its services; both sides live on.
func (r *layoutRun) cutSomeLinks() {
	viewers := r.viewers()
	if v := viewers[r.random.IntN(len(viewers))]; r.random.IntN(2) == 0 {
		r.tally.count("links cut")
		v.client.CutLinks(v.services[r.random.IntN(len(v.services))], errKilled)
	}
}

// choose picks who leaves: any but one of each group.
func (r *layoutRun) choose() (going []layoutMember) {
	groups := map[string][]layoutMember{}
	var names []string
	for _, m := range r.members() {
		if m.up() {
			if groups[m.group()] == nil {
				names = append(names, m.group())
			}
			groups[m.group()] = append(groups[m.group()], m)
		}
	}
	for _, name := range names {
		all := groups[name]
		r.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		going = append(going, all[:r.random.IntN(len(all))]...)
	}
	return going
}

func (r *layoutRun) away() []layoutMember {
	return slices.DeleteFunc(r.members(), layoutMember.up)
}

// each does something to all of them, each at a time of its own within a few milliseconds.
func (r *layoutRun) each(members []layoutMember, do func(layoutMember)) {
	var all sync.WaitGroup
	for _, m := range members {
		late := time.Duration(r.random.IntN(15)) * time.Millisecond
		all.Go(func() {
			<-time.After(late)
			do(m)
		})
	}
	all.Wait()
	for _, m := range members {
		if m.up() {
			r.tally.count("joined: " + m.group())
		}
	}
}

// abandon ends what a test that failed left running.
func (r *layoutRun) abandon() {
	r.over.Store(true)
	r.spell.Store(1)
	for _, m := range slices.Backward(r.members()) {
		if m.up() {
			m.leave(killed)
		}
	}
}
