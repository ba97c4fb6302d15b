package service

import (
	"errors"
	"strings"
	"sync"
	"time"

	"quartet/handler"
	"quartet/internal/printable"
	"quartet/transport/wire"
)

// logFailure says why a response handler did not do its work: its caller may never see.
func (r *remote) logFailure(what, path, method string, err error, took time.Duration) {
	r.opts.log.Error(what, append([]any{"service", r.name, "path", printable.Cut(path, maxCause), "method", method, "took", took}, causeOf(err)...)...)
}

// maxCause is how much of an error is logged, in bytes: some hold what a stranger has sent.
const maxCause = 4 << 10

// causeOf are the log attributes of an error, with the stack where it was a panic.
func causeOf(err error) []any {
	attrs := []any{"cause", printable.Cut(err.Error(), maxCause)}
	var p *handler.PanicError
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	return attrs
}

// cleanName makes a name of what the user or the system gave.
func cleanName(s string) string {
	if s = strings.TrimSpace(wire.CleanReason(s)); len(s) > wire.MaxName {
		s = strings.ToValidUTF8(s[:wire.MaxName], "")
	}
	return s
}

const logEvery = 10 * time.Second

// rarely keeps a line that a peer can cause at will from filling the log: one in 10 s, with a count.
type rarely struct {
	mu         sync.Mutex
	at         time.Time
	suppressed int
}

// due says whether a line may be logged now, and how many it stands for.
func (r *rarely) due() (count int, now bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < logEvery {
		r.suppressed++
		return 0, false
	}
	count = r.suppressed + 1
	r.at, r.suppressed = time.Now(), 0
	return count, true
}
