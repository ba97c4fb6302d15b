package child

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

const limit = 20 * time.Second

// TestMain is what a child of this test does: what its job says.
func TestMain(m *testing.M) {
	var job string
	parent, isChild, err := Job(&job)
	switch {
	case !isChild:
		os.Exit(m.Run())
	case err != nil:
		parent.Fail(err)
	case job == "die":
		os.Stderr.WriteString("it hurts\n")
		os.Exit(3)
	default:
		if parent.Ready("here") == nil && parent.AwaitGo() == nil {
			_ = parent.Result(strings.ToUpper(job))
			parent.AwaitEnd()
		}
	}
}

func TestAChildDoesItsJob(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := Start("a child", "shout")
	is.NoErr(err)
	defer c.Stop()
	addr, err := c.Ready(limit)
	is.NoErr(err)
	is.Equal(addr, "here")
	is.NoErr(c.Go())
	var result string
	is.NoErr(c.Result(limit, &result))
	is.Equal(result, "SHOUT")
	now, peak, err := c.Memory()
	if _, there := os.Stat("/proc/self/status"); there == nil {
		is.NoErr(err)
		is.True(now > 1<<20 && peak >= now) // a Go program takes that much
	}
}

func TestAChildEndsWithItsParentsInterest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := Start("a child", "wait")
	is.NoErr(err)
	_, err = c.Ready(limit)
	is.NoErr(err)
	c.Stop() // it was not told to go
	var result string
	is.True(c.Result(limit, &result) != nil) // nothing comes any more
}

func TestADeadChildSaysWhy(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := Start("a child", "die")
	is.NoErr(err)
	defer c.Stop()
	_, err = c.Ready(limit)
	is.True(err != nil && strings.Contains(err.Error(), "it hurts"))
}

func TestStatusField(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	v, err := statusField("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n", "VmRSS:")
	is.NoErr(err)
	is.Equal(v, 1024.0*1024)
	_, err = statusField("Name:\tx\n", "VmRSS:")
	is.True(err != nil)
}
