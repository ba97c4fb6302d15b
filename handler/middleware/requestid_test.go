package middleware_test

import (
	"context"
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

const idHeader = "quartet-request-id"

// ids are the ids that a handler knows: that of the request, and the one its calls carry.
type ids struct{ request, calls string }

// sees notes the ids and then does what h does.
func (i *ids) sees(h handler.Handler) handler.Handler {
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		t, _ := handler.TrailFrom(ctx)
		i.request, i.calls = r.Trail().RequestID, t.RequestID
		return h.Serve(ctx, r)
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	shared := handler.Text("one for all")
	for name, came := range map[string][]string{
		"none": nil, "an empty one": {""}, "an invalid one": {"a b"}, "a very long one": {evil()}, "no values": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := from(app)
			if came != nil {
				r.Header[idHeader] = came
			}
			var seen ids
			resp, err := handler.Run(context.Background(), middleware.RequestID()(seen.sees(returns(shared, nil))), r)
			is.NoErr(err)
			is.True(handler.ValidRequestID(seen.request))      // it has one now
			is.Equal(seen.calls, seen.request)                 // its calls carry the same
			is.Equal(resp.HeaderValue(idHeader), seen.request) // and the caller is told
			is.Equal(resp.Text(), "one for all")
			is.Equal(shared.HeaderValue(idHeader), "") // by a header of this answer alone

			forward := r.ForwardToWire("pictures", "")
			is.Equal(forward.Header[idHeader], []string{seen.request}) // a forward takes it along
		})
	}
}

func TestRequestIDStays(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := from(app)
	r.Header[idHeader] = []string{"event-1"}
	var seen ids
	want := handler.Text("x")
	resp, err := handler.Run(context.Background(), middleware.RequestID()(seen.sees(returns(want, nil))), r)
	is.NoErr(err)
	is.Equal(seen, ids{"event-1", "event-1"})
	is.Equal(resp, want) // the caller knows it already
	is.Equal(resp.HeaderValue(idHeader), "")
}

func TestRequestIDOfTheContext(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx := handler.WithTrail(context.Background(), handler.Trail{RequestID: "event-1", Hops: 3})
	var seen ids
	_, err := middleware.RequestID()(seen.sees(returns(handler.Text(""), nil))).Serve(ctx, from(app))
	is.NoErr(err)
	is.Equal(seen, ids{"event-1", "event-1"}) // of an event that has a name
}

func TestRequestIDKeepsTheTrail(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var trail handler.Trail
	_, err := middleware.RequestID()(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		trail, _ = handler.TrailFrom(ctx)
		return handler.Text(""), nil
	})).Serve(context.Background(), from(app)) // without Run
	is.NoErr(err)
	is.Equal(trail.Callers, []string{"front"})
	is.Equal(trail.Hops, 1)
}

func TestRequestIDOfErrors(t *testing.T) {
	t.Parallel()
	for name, inner := range map[string]error{
		"for the caller": &handler.Error{Status: 409, Reason: "busy", Header: map[string][]string{"retry-after": {"1"}}, Err: errSecret},
		"of a Mux":       handler.NoRoute([]string{"get"}),
		"of a call":      &handler.Error{Status: 404, Reason: "no report", Remote: true},
		"any":            errSecret,
		"a deadline":     context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var seen ids
			_, err := middleware.RequestID()(seen.sees(returns(nil, inner))).Serve(context.Background(), from(app))
			got, want := handler.ErrorResponse(err), handler.ErrorResponse(inner)
			is.Equal(got.HeaderValue(idHeader), seen.request) // the caller can ask for it
			delete(got.Header, idHeader)
			is.Equal(got.Status, want.Status) // nothing else is new to the caller
			is.Equal(got.Reason, want.Reason)
			is.Equal(len(got.Header), len(want.Header))

			is.Equal(err.Error(), inner.Error()) // nor to the log
			is.True(errors.Is(err, inner))
			var outer, own *handler.Error
			is.True(errors.As(err, &outer))
			if errors.As(inner, &own) {
				is.Equal(outer.Err, own.Err) // what a client looks at to find that nobody registered
				is.Equal(outer.Remote, own.Remote)
				is.Equal(own.Header[idHeader], nil) // which stays as it was
			}
		})
	}
}

func TestRequestIDOfForwards(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	want := handler.Forward("pictures", "/small")
	resp, err := middleware.RequestID()(returns(want, nil)).Serve(context.Background(), from(app))
	is.NoErr(err)
	is.Equal(resp, want)
	resp, err = middleware.RequestID()(returns(nil, nil)).Serve(context.Background(), from(app))
	is.True(resp == nil && err == nil) // for Run to complain about
}

func TestRequestIDInResponseHandlers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var seen ids
	log, raw := newLog()
	h := handler.Chain(middleware.RequestID(), middleware.AccessLog(log))(seen.sees(returns(handler.Text("made"), nil)))

	r := answer(handler.Text("x"))
	resp, err := handler.Run(context.Background(), h, r)
	is.NoErr(err)
	is.True(handler.ValidRequestID(seen.calls)) // calls carry one
	is.Equal(seen.request, "")                  // which is not that of the request
	is.Equal(raw.one(t).attrs["request_id"], seen.calls)
	is.Equal(r.HeaderValue(idHeader), "") // the answer is left alone
	is.Equal(resp.HeaderValue(idHeader), "")

	asked := asked("")
	asked.Header[idHeader] = []string{"event-1"}
	_, err = handler.Run(context.Background(), h, handler.ForAnswer(asked, handler.Text("x")))
	is.NoErr(err)
	is.Equal(seen, ids{"event-1", "event-1"})
}
