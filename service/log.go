package service

import (
	"errors"
	"strings"
	"time"

	"quartet/handler"
	"quartet/transport/wire"
)

// logFailure says why a response handler did not do its work: its caller may never see.
func (r *remote) logFailure(what, path, method string, err error, took time.Duration) {
	r.opts.log.Error(what, append([]any{"service", r.name, "path", path, "method", method, "took", took}, causeOf(err)...)...)
}

// causeOf are the log attributes of an error, with the stack where it was a panic.
func causeOf(err error) []any {
	attrs := []any{"cause", err.Error()}
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
