package snippets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
	"quartet/service"
	"quartet/service/servicetest"
)

// shelf is where the reports are.
type shelf struct {
	mu      sync.Mutex
	reports map[string]Report
}

func newShelf() *shelf { return &shelf{reports: map[string]Report{"7": {"Seven", 12}}} }

var (
	errUnknown = errors.New("no such report")
	errBroken  = errors.New("dial postgres://app:1234@db: refused")
)

func (s *shelf) find(_ context.Context, id string) (Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "broken" {
		return Report{}, errBroken
	}
	report, ok := s.reports[id]
	if !ok {
		return Report{}, errUnknown
	}
	return report, nil
}

func (s *shelf) put(id string, report Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports[id] = report
}

func (s *shelf) report(ctx context.Context, r *handler.Request) (*handler.Response, error) {
	report, err := s.find(ctx, r.Param("id"))
	switch {
	case errors.Is(err, errUnknown):
		return nil, handler.Errorf(404, "no report %s", r.Param("id")) // the caller sees status and reason
	case err != nil:
		return nil, err // the caller sees 500, the log of the server the rest
	}
	return handler.Value(report)
}

func (s *shelf) print(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return handler.Text("printing " + r.Param("id")), nil
}

func (s *shelf) lend(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return handler.Text("lent " + r.Param("id")), nil
}

func (s *shelf) file(_ context.Context, r *handler.Request) (*handler.Response, error) {
	return handler.Text(r.Param("year") + ": " + r.Param("*")), nil
}

func (s *shelf) routes(log *slog.Logger) *handler.Mux {
	var mux handler.Mux
	mux.Use(middleware.AccessLog(log))                                     // before the first route, as with chi
	mux.Method(handler.MethodGet, "/reports/{id}", handler.Func(s.report)) // and head
	mux.Method("lend", "/reports/{id}", handler.Func(s.lend))              // a METHOD of your own
	mux.Method(handler.MethodRequest, "/prints/{id}", handler.Func(s.print))
	mux.Handle("/drafts/{id}", handler.ByMethod(func() *draft { return &draft{shelf: s} }))
	mux.Route("/years/{year:[0-9]{4}}", func(mux *handler.Mux) {
		mux.Method(handler.MethodPost, "/", handler.Typed(s.add))
		mux.With(middleware.Throttle(4)).Handle("/files/*", handler.Func(s.file)) // every METHOD
	})
	return &mux
}

// draft is made anew for each request: its fields belong to that one.
type draft struct {
	*shelf
	report Report
}

func (d *draft) Prepare(ctx context.Context, r *handler.Request) (_ *handler.Response, err error) {
	d.report, err = d.find(ctx, r.Param("id")) // an error, or a response, is the answer
	return nil, err
}

func (d *draft) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return handler.Value(d.report)
}

func (d *draft) Put(_ context.Context, r *handler.Request) (*handler.Response, error) {
	if err := r.Bind(&d.report); err != nil {
		return nil, err // 400 with what is wrong, 415 for a content-type that Bind does not know
	}
	d.put(r.Param("id"), d.report)
	return &handler.Response{Status: 204}, nil
}

type newReport struct {
	Year  int    `param:"year"` // from the path
	Draft bool   `arg:"draft"`  // from the arguments
	Title string `json:"title"` // from the body, msgpack or JSON
	Pages int    `json:"pages"`
}

func (in newReport) Validate() error {
	if in.Title == "" {
		return errors.New("a report needs a title") // the caller sees 400 and this text
	}
	return nil
}

func (s *shelf) add(_ context.Context, in newReport) (Report, error) {
	report := Report{fmt.Sprintf("%s (%d)", in.Title, in.Year), in.Pages}
	s.put(in.Title, report)
	return report, nil
}

// tenant lets in who says for whom.
func tenant(next handler.Handler) handler.Handler {
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Arg("tenant", "") == "" {
			return nil, handler.Errorf(400, "which tenant?")
		}
		return next.Serve(ctx, r)
	})
}

func layers(log *slog.Logger, export handler.Handler) *handler.Mux {
	var mux handler.Mux
	mux.Use(
		middleware.RequestID(),        // first: the log tells the id
		middleware.AccessLog(log),     // sees what the others refuse
		middleware.Recoverer(nil),     // a panic is an error to those above
		middleware.RateLimit(50, 100), // for each app that asks
		tenant,
	)
	mux.With(
		middleware.ThrottleBacklog(4, 16, time.Second), // four at once, sixteen wait
		middleware.Timeout(5*time.Second),              // from when it is their turn
		middleware.Compress(1400),
	).Method(handler.MethodGet, "/exports/{id}", export)
	return &mux
}

func TestReport(t *testing.T) {
	is := is.New(t)
	client := servicetest.New(t, "reports", newShelf().routes(servicetest.Logger(t)))

	report, err := service.Invoke[Report](t.Context(), client, "reports", "/reports/7", nil, service.WithMethod(handler.MethodGet))
	is.NoErr(err)
	is.Equal(report.Title, "Seven")

	_, err = service.Invoke[Report](t.Context(), client, "reports", "/reports/8", nil, service.WithMethod(handler.MethodGet))
	is.Equal(handler.StatusOf(err), 404)
}
