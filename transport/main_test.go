package transport

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/matryer/is"
	"go.uber.org/goleak"

	"quartet/internal/headroom"
)

// TestMain lets more tests run at once than there are processors: most of them wait. Some judge the heap, which is to have
// nothing of internal/headroom: that leaves alone who sets GOGC.
func TestMain(m *testing.M) {
	runHelper()
	debug.SetGCPercent(99)
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() == "" { // fuzzing takes it for the number of its processes
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if n := headroom.Entered(); code == 0 && n != 0 {
			fmt.Println("peers that have ended, and count as busy:", n)
			code = 1
		}
		os.Exit(code)
	}))
}

// TestPeerIsCounted: a process with peers may be busy. That they are counted out is seen at the end of all tests.
func TestPeerIsCounted(t *testing.T) {
	is := is.New(t)
	app, instance := newNode(App, false), newNode(Instance, false)
	addr := newInproc(t)
	app.listen(t, addr)
	instance.dial(t, addr)
	to := app.peer(t)
	_, err := instance.peer(t).peer.Send([]byte("x"))
	is.NoErr(err)
	(<-to.got).Release() // it has begun
	is.True(headroom.Entered() >= 1)
}
