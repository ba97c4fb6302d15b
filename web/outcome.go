package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"quartet/handler"
	"quartet/service"
)

// failure is an error as HTTP shows it; its JSON is {"status":503,"error":"Service Unavailable","reason":"…"}.
type failure struct {
	Status int                 `json:"status"`
	Title  string              `json:"error"`
	Reason string              `json:"reason,omitempty"`
	header map[string][]string // of the error, names in any case, not yet filtered
}

// statusClientGone is nginx's number for a client that left before the answer; HTTP itself has none.
const statusClientGone = 499

// outcomes are for errors that say nothing about themselves: bare ones, which a fake or a page may return. Those of a
// service.Client bring status, reason and header.
var outcomes = []struct {
	is     error
	status int
	reason string
}{
	{service.ErrUnavailable, http.StatusServiceUnavailable, "the service is not available"},
	{service.ErrRejected, http.StatusServiceUnavailable, "the service is busy"},
	{service.ErrClosed, http.StatusServiceUnavailable, "shutting down"},
	{service.ErrLost, http.StatusBadGateway, "the service went away before it answered"},
	{service.ErrLoop, http.StatusLoopDetected, "too many services in a row"},
	{service.ErrTooLarge, http.StatusRequestEntityTooLarge, "the request is too large"},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "not done in time"}, // service.ErrTimeout wraps it
}

// explain is the one place where errors get their HTTP status.
func explain(r *http.Request, err error) failure {
	var e *handler.Error
	if !errors.As(err, &e) || e == nil {
		e = &handler.Error{}
	}
	f := failure{Status: e.Status, Reason: e.Reason, header: e.Header}
	if !e.Remote {
		f = local(r, err, f)
	}
	if f.Status < 400 || f.Status > 599 {
		f.Status = http.StatusInternalServerError
	}
	f.Title, f.Reason = title(f.Status), clean(f.Reason)
	if strings.EqualFold(f.Reason, f.Title) { // said once is enough
		f.Reason = ""
	}
	return f
}

// local sorts the errors made on this side. f holds what the error says about itself.
func local(r *http.Request, err error, f failure) failure {
	if errors.Is(err, context.Canceled) { // service.ErrCanceled wraps it
		if r.Context().Err() != nil {
			return failure{Status: statusClientGone}
		}
		return failure{Status: http.StatusInternalServerError, Reason: "the work was canceled"}
	}
	for _, o := range outcomes {
		if f.Status == 0 && errors.Is(err, o.is) {
			f.Status = o.status
			if f.Reason == "" {
				f.Reason = o.reason
			}
		}
	}
	if f.Status == http.StatusServiceUnavailable {
		f.header = withRetryAfter(f.header)
	}
	return f
}

// withRetryAfter adds the shortest wait HTTP can name, unless the error names one itself: instances come back, and
// queues empty, within a second or so.
func withRetryAfter(header map[string][]string) map[string][]string {
	for name := range header {
		if http.CanonicalHeaderKey(name) == "Retry-After" {
			return header
		}
	}
	all := map[string][]string{"retry-after": {"1"}}
	for name, values := range header {
		all[name] = values
	}
	return all
}

// title is the name of a status, also of one that net/http does not know.
func title(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Error " + strconv.Itoa(status)
}
