package service_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/matryer/is"
)

// layoutFor is how long each layout is under load in make test.
const layoutFor = 3 * time.Second

var layouts = []struct {
	name    string
	schemes []string // of the addresses, in turn
	build   func(*layoutRun)
}{
	{"shared-ipc", []string{"ipc"}, sharedLayout},
	{"shared-tcp", []string{"tcp"}, sharedLayout},
	{"binding-ipc", []string{"ipc"}, bindingLayout},
	{"binding-tcp", []string{"tcp"}, bindingLayout},
	{"mixed-ipc-tcp", []string{"ipc", "tcp"}, mixedLayout},
	{"chain-ipc", []string{"ipc"}, chainLayout},
}

// TestLayouts: many apps and many instances, in every arrangement, while they join and leave under load. Who
// leaves gracefully takes no call along, whoever is cut off takes what was in flight there, and the books are right.
// By hand one after another, for longer, and again with a seed that was printed:
//
//	QUARTET_LAYOUTS=60s QUARTET_LAYOUTS_SEED=7 go test -run TestLayouts/shared -v -count=1 -timeout 10m ./service
func TestLayouts(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	length, seed := layoutFor, uint64(time.Now().UnixNano())
	byHand := os.Getenv("QUARTET_LAYOUTS")
	if byHand != "" {
		var err error
		length, err = time.ParseDuration(byHand)
		is.NoErr(err) // QUARTET_LAYOUTS is a duration
	}
	if text := os.Getenv("QUARTET_LAYOUTS_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		is.NoErr(err) // QUARTET_LAYOUTS_SEED is a number
	}
	for n, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			if byHand == "" {
				t.Parallel()
			}
			t.Logf("QUARTET_LAYOUTS=%v QUARTET_LAYOUTS_SEED=%d", length, seed)
			r := newLayoutRun(t, seed+uint64(n), l.schemes)
			l.build(r)
			r.run(length)
		})
	}
}
