package demos_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/slow"
)

func TestMonolith(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	monolith := start(t, "monolith", "-http", "127.0.0.1:0", "-delay", "10ms")
	v := visitor{monolith.url(t)}
	is.Equal(v.get("/readyz", "").Status, 200)
	is.Equal(v.json("/service/sync").JSON.Text, slow.SyncText)
	is.True(strings.Contains(v.get("/service/sync?delay=1ms", "text/html").Body, slow.SyncText))
	is.Equal(v.json("/service/sync?delay=61s").Status, 400)

	is.Equal(v.json("/service/async?delay=1s").Status, 200)
	monolith.signal(t, syscall.SIGTERM)
	is.Equal(monolith.end(t), 0)
	monolith.logged(t, `status=200 text="`+slow.AsyncText+`"`) // what was left behind was waited for
}
