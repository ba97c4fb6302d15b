package middleware_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"quartet/handler"
	"quartet/handler/middleware"
)

// plainLog writes lines that are the same every time.
func plainLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "took" {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func report(_ context.Context, r *handler.Request) (*handler.Response, error) {
	if r.Param("id") != "7" {
		return nil, handler.Errorf(404, "no report %s", r.Param("id"))
	}
	return handler.Text("report 7"), nil
}

func export(context.Context, *handler.Request) (*handler.Response, error) {
	panic("no disk")
}

func Example() {
	log := plainLog()

	var mux handler.Mux
	mux.Use(
		middleware.RequestID(),
		middleware.AccessLog(log),
		middleware.Recoverer(nil),
		middleware.RateLimit(50, 100),
	)
	mux.Method("get", "/reports/{id}", handler.Func(report))
	mux.With(
		middleware.ThrottleBacklog(4, 16, time.Second),
		middleware.Timeout(5*time.Second),
		middleware.Compress(1400),
	).Method("get", "/exports/{id}", handler.Func(export))

	for _, path := range []string{"/reports/7", "/reports/8", "/exports/7", "/a\nlevel=INFO msg=faked"} {
		_, _ = mux.Serve(context.Background(), &handler.Request{
			Method: "get", Path: path, Header: map[string][]string{"quartet-request-id": {"event-1"}},
		})
	}
	// Output:
	// level=INFO msg=request path=/reports/7 method=get pattern=/reports/{id} status=200 bytes_in=0 bytes_out=8 request_id=event-1
	// level=WARN msg=request path=/reports/8 method=get pattern=/reports/{id} status=404 reason="no report 8" bytes_in=0 request_id=event-1
	// level=ERROR msg=request path=/exports/7 method=get pattern=/exports/{id} status=500 cause="handler: panic: no disk" bytes_in=0 request_id=event-1
	// level=WARN msg=request path="/a\\nlevel=INFO msg=faked" method=get status=404 reason="no such path" cause="404 no such path: handler: no route" bytes_in=0 request_id=event-1
}

func ExampleAccessLog() {
	h := middleware.AccessLog(plainLog())(handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Forward("pictures", "/small"), nil
	}))
	_, _ = h.Serve(context.Background(), &handler.Request{Method: "get", Path: "/pictures/7", Body: []byte("abc")})
	// Output:
	// level=INFO msg=request path=/pictures/7 method=get forward=pictures forward_path=/small bytes_in=3
}

func ExampleTimeout() {
	h := middleware.Timeout(time.Millisecond)(handler.Func(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		<-ctx.Done() // a query, a call: whatever ends with its context
		return nil, fmt.Errorf("query: %w", ctx.Err())
	}))
	_, err := h.Serve(context.Background(), new(handler.Request))
	fmt.Println(err)
	fmt.Println(handler.ErrorResponse(err).Reason)
	// Output:
	// 504 not done within 1ms: query: context deadline exceeded
	// not done within 1ms
}

func ExampleRateLimit() {
	h := middleware.RateLimit(0.5, 2)(handler.Func(report)) // one in two seconds, two at once
	for range 3 {
		r := &handler.Request{}
		r.SetParam("id", "7")
		_, err := h.Serve(context.Background(), r)
		if err != nil {
			fmt.Println(err, handler.ErrorResponse(err).Header)
			continue
		}
		fmt.Println("served")
	}
	// Output:
	// served
	// served
	// 429 too many requests map[retry-after:[2]]
}

func ExampleThrottle() {
	begun, end := make(chan bool), make(chan bool)
	h := middleware.Throttle(1)(handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		begun <- true
		<-end
		return handler.Text("done"), nil
	}))

	first := make(chan error)
	go func() {
		_, err := h.Serve(context.Background(), new(handler.Request))
		first <- err
	}()
	<-begun
	_, err := h.Serve(context.Background(), new(handler.Request))
	fmt.Println(err)
	close(end)
	fmt.Println(<-first)
	// Output:
	// 503 too many requests at once
	// <nil>
}

func ExampleCompress() {
	h := middleware.Compress(1400)(handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.JSON(strings.Repeat("again ", 1000))
	}))

	r := new(handler.Request)
	r.SetHeader("accept-encoding", "gzip") // the caller opts in
	resp, err := h.Serve(context.Background(), r)
	if err != nil {
		fmt.Println(err)
		return
	}
	var text string
	err = resp.Bind(&text) // decompresses
	fmt.Println(resp.HeaderValue("content-encoding"), len(resp.Body) < 100, len(text), err)
	// Output: gzip true 6000 <nil>
}

func ExampleRequestID() {
	h := middleware.RequestID()(handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		trail, _ := handler.TrailFrom(ctx) // what a client in this handler passes on
		fmt.Println(trail.RequestID == r.Trail().RequestID)
		return nil, handler.Errorf(404, "no report")
	}))
	_, err := h.Serve(context.Background(), new(handler.Request))
	id := handler.ErrorResponse(err).HeaderValue("quartet-request-id")
	fmt.Println(handler.ValidRequestID(id), err)
	// Output:
	// true
	// true 404 no report
}

func ExampleRecoverer() {
	h := middleware.Recoverer(nil)(handler.Func(export))
	_, err := h.Serve(context.Background(), new(handler.Request))
	fmt.Println(err) // for the log
	fmt.Println(handler.ErrorResponse(err).Reason)
	// Output:
	// handler: panic: no disk
	// internal error
}

func ExampleThrottleBacklog() {
	end := make(chan bool)
	h := middleware.ThrottleBacklog(1, 1, time.Minute)(handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		<-end
		return handler.Text("done"), nil
	}))

	results := make(chan error, 3)
	for range 3 { // one runs, one waits, one is refused
		go func() {
			_, err := h.Serve(context.Background(), new(handler.Request))
			results <- err
		}()
	}
	fmt.Println(<-results)
	close(end)
	fmt.Println(<-results, <-results)
	// Output:
	// 503 too many requests at once
	// <nil> <nil>
}
