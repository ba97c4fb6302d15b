package snippets

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// desk answers with the help of other services.
type desk struct{ service.Caller }

func (d desk) summary(ctx context.Context, in Ask) (string, error) {
	report, err := service.Invoke[Report](ctx, d, "reports", "/reports/"+in.ID, nil, service.WithMethod(handler.MethodGet))
	if err != nil {
		return "", err // with its status: a 404 of reports is a 404 of this handler
	}
	return "In short: " + report.Title, nil
}

type overview struct {
	Parts    []part
	Complete bool
}

type part struct{ Service, Text string }

func (d desk) overview(ctx context.Context, _ struct{}) (overview, error) {
	parts := []part{{Service: "news"}, {Service: "weather"}, {Service: "shares"}}
	var all errgroup.Group // without a context of its own: a part that fails does not end the others
	for i := range parts {
		p := &parts[i]
		all.Go(func() (err error) {
			p.Text, err = service.Invoke[string](ctx, d, p.Service, "/summary", nil, service.WithTimeout(time.Second))
			return err
		})
	}
	some := all.Wait() // the barrier: all have answered or failed
	return overview{parts, some == nil}, nil
}

func (d desk) routes() *handler.Mux {
	var mux handler.Mux
	mux.Method(handler.MethodGet, "/summaries/{id}", handler.Typed(d.summary))
	mux.Method(handler.MethodGet, "/overview", handler.Typed(d.overview))
	mux.Method(handler.MethodGet, "/reports/{id}", handler.Func(d.report))
	return &mux
}

func (d desk) report(_ context.Context, r *handler.Request) (*handler.Response, error) {
	r.SetHeader("desk", "3")                   // what the handler changes goes along
	return handler.Forward("reports", ""), nil // path, METHOD, header, arguments and body as they are
}

func newAsker(log *slog.Logger, told chan<- string, o ...service.ClientOption) *service.Client {
	var responses handler.Mux
	responses.Use(tells(told))

	responses.Method(handler.MethodResponse, "/prints/{id}", handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			if err := r.Answer.AsError(); err != nil { // the service said so, or none came: lost, late, sent back
				log.Warn("not printed", "report", r.Param("id"), "sent", r.ID(), "err", err)
				return r.Answer, nil
			}
			log.Info("printed", "report", r.Param("id"), "sent", r.ID(), "says", r.Answer.Text())
			return r.Answer, nil
		}))
	client := service.NewClient(append(o, service.WithResponses(&responses))...)
	return client
}

// tells lets a test wait for a response handler.
func tells(told chan<- string) handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			resp, err := next.Serve(ctx, r)
			if err == nil {
				told <- r.ID() + " " + resp.Text()
			}
			return resp, err
		})
	}
}

// world is a client of several services, which call each other by the same client.
func world(t *testing.T, client *service.Client, services map[string]handler.Handler, o ...service.ServerOption) {
	t.Helper()
	is := is.New(t)
	for name, h := range services {
		addr := servicetest.Addr()
		is.NoErr(client.Register(name, []service.Addr{addr}))
		servicetest.NewServer(t, name, h, addr, o...)
		is.NoErr(client.Ready(t.Context(), name))
	}
	t.Cleanup(func() { is.NoErr(client.Shutdown(context.Background())) })
}

func says(text string) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) { return handler.Value(text) })
}

func TestCallsBetweenServices(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := service.NewClient(service.WithWait(20 * time.Millisecond))
	world(t, client, map[string]handler.Handler{
		"reports": newShelf().routes(servicetest.Logger(t)), "desk": desk{client}.routes(), "news": says("three headlines"),
		"weather": handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(http.StatusServiceUnavailable, "no weather today")
		}),
	})
	get := service.WithMethod(handler.MethodGet)

	short, err := service.Invoke[string](t.Context(), client, "desk", "/summaries/7", nil, get)
	is.NoErr(err)
	is.Equal(short, "In short: Seven")
	_, err = service.Invoke[string](t.Context(), client, "desk", "/summaries/8", nil, get)
	is.Equal(handler.ErrorResponse(err).Status, 404) // of reports
	is.Equal(handler.ErrorResponse(err).Reason, "no report 8")

	all, err := service.Invoke[overview](t.Context(), client, "desk", "/overview", nil, get)
	is.NoErr(err)
	is.Equal(all, overview{[]part{{"news", "three headlines"}, {"weather", ""}, {"shares", ""}}, false})

	report, err := service.Invoke[Report](t.Context(), client, "desk", "/reports/7", nil, get)
	is.NoErr(err)
	is.Equal(report.Title, "Seven") // by the shelf
}

func TestResponseHandlers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	told := make(chan string, 1)
	client := newAsker(servicetest.Logger(t), told, service.WithWait(20*time.Millisecond))
	world(t, client, map[string]handler.Handler{"reports": newShelf().routes(servicetest.Logger(t))})
	ctx := t.Context()

	id, err := client.Send(ctx, "reports", &handler.Request{Path: "/prints/7"})
	if err != nil {
		return // nothing was sent, and no response handler will be called
	}
	is.Equal(<-told, id+" printing 7")

	_, err = client.Send(ctx, "reports", &handler.Request{Path: "/prints/7", Method: "burn"})
	is.Equal(handler.StatusOf(err), 405) // no instance serves it
	is.True(errors.Is(err, handler.ErrNoRoute))

	reply, err := client.Call(ctx, "reports", &handler.Request{Path: "/prints/7"})
	is.NoErr(err)
	is.True(strings.HasSuffix(<-told, "printing 7")) // it runs for a Call, too
	is.Equal(reply.Made.Text(), "printing 7")        // and this is what it made
}
