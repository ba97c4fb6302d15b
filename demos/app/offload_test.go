package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/handler"
	"quartet/service"
)

// fake is a mesh in one variable: it keeps what it was asked.
type fake struct {
	service string
	request *handler.Request
	answer  *handler.Response
	err     error
}

func (f *fake) Call(_ context.Context, name string, r *handler.Request, _ ...service.CallOption) (*service.Reply, error) {
	f.service, f.request = name, r
	return &service.Reply{Response: f.answer}, f.err
}

func (f *fake) Send(_ context.Context, name string, r *handler.Request, _ ...service.CallOption) (string, error) {
	f.service, f.request = name, r
	return "0", f.err
}

func TestSync(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := &fake{answer: handler.Text("back again")}
	text, err := offload{f}.Sync(t.Context(), 10*time.Millisecond)
	is.NoErr(err)
	is.Equal(text, "back again")
	is.Equal(f.service, "slow")
	is.Equal(f.request.Path, "/service/slow")
	is.Equal(f.request.Method, "request")
	is.Equal(f.request.Args, map[string]string{"delay": "10ms"})
	is.Equal(string(f.request.Body), slow.SyncText)

	_, err = offload{f}.Sync(t.Context(), slow.Own)
	is.NoErr(err)
	is.Equal(f.request.Arg("delay", "none"), "none") // the service's own
}

func TestSyncFails(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, err := offload{&fake{answer: &handler.Response{Status: 400, Reason: "no"}}}.Sync(t.Context(), 0)
	is.Equal(handler.StatusOf(err), 400) // the service's answer is an error here
	lost := errors.New("lost")
	_, err = offload{&fake{err: lost}}.Sync(t.Context(), 0)
	is.Equal(err, lost)
}

func TestAsyncAndItsReceipt(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	f := new(fake)
	id, err := offload{f}.Async(t.Context(), time.Second)
	is.NoErr(err)
	is.Equal(f.request.Arg("delay", ""), "1s")
	is.Equal(string(f.request.Body), slow.AsyncText)

	var logged bytes.Buffer
	receipts := new(site.Receipts)
	h := responses(receipts, slog.New(slog.NewTextHandler(&logged, nil)))
	arrive := func(answer *handler.Response) {
		_, err := h.Serve(t.Context(), &handler.Request{Path: slow.Path, Method: "response", Args: f.request.Args, Answer: answer})
		is.NoErr(err)
	}
	arrive(handler.Text(slow.AsyncText))
	arrive(&handler.Response{Status: 502, Reason: "gone", Err: service.ErrLost})
	f.request.Args = nil
	arrive(handler.Text("of a sync call"))

	got := receipts.Latest()
	is.Equal(len(got), 2) // only the async ones
	is.Equal(got[1].ID, id)
	is.Equal(got[1].Status, 200)
	is.Equal(got[1].Text, slow.AsyncText)
	is.Equal(got[0].Status, 502)
	is.Equal(got[0].Text, "gone")
	is.Equal(strings.Count(logged.String(), "path=/service/slow METHOD=response status="), 3) // all are logged
}
