package handler_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quartet/handler"
)

func ExampleMux() {
	hello := handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text("hello " + r.Param("name")), nil
	})

	var mux handler.Mux
	mux.Method(handler.MethodGet, "/hello/{name}", hello)
	mux.Route("/reports", func(mux *handler.Mux) {
		mux.Handle("/{year:[0-9]{4}}/*", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			return handler.Text(r.Param("year") + ": " + r.Param("*")), nil
		}))
	})

	for _, r := range []*handler.Request{
		{Method: "get", Path: "/hello/world"},
		{Path: "/reports/2024/may/1"}, // no METHOD means request
		{Method: "put", Path: "/hello/world"},
		{Path: "/reports/last"},
	} {
		resp, err := mux.Serve(context.Background(), r)
		if err != nil {
			fmt.Println(handler.StatusOf(err), handler.ErrorResponse(err).HeaderValue("allow"))
			continue
		}
		fmt.Println(resp.Text())
	}
	// Output:
	// hello world
	// 2024: may/1
	// 405 get, head
	// 404
}

func ExampleMux_Use() {
	timed := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			start := time.Now()
			resp, err := next.Serve(ctx, r)
			fmt.Println(r.Pattern(), handler.StatusOf(err), time.Since(start) < time.Minute)
			return resp, err
		})
	}

	var mux handler.Mux
	mux.Use(timed)
	mux.Handle("/a/{id}", says("a"))

	_, _ = mux.Serve(context.Background(), &handler.Request{Path: "/a/7"})
	// Output: /a/{id} 200 true
}

func ExampleMux_With() {
	tenants := func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Arg("tenant", "") == "" {
				return nil, handler.Errorf(400, "which tenant?")
			}
			return next.Serve(ctx, r)
		})
	}
	var mux handler.Mux
	mux.Handle("/health", says("fine"))
	ours := mux.With(tenants) // what chi calls Group: keep it for several routes
	ours.Handle("/reports/{id}", says("report"))
	ours.Handle("/invoices/{id}", says("invoice"))

	for _, path := range []string{"/health", "/reports/7"} {
		_, err := mux.Serve(context.Background(), &handler.Request{Path: path})
		fmt.Println(path, err)
	}
	// Output:
	// /health <nil>
	// /reports/7 400 which tenant?
}

// account is made anew for each request, so that its fields are for one request only.
type account struct {
	user string
}

func (a *account) Prepare(_ context.Context, r *handler.Request) (*handler.Response, error) {
	if a.user = r.Arg("user", ""); a.user == "" {
		return nil, handler.Errorf(401, "who are you?")
	}
	return nil, nil // go on
}

func (a *account) Get(context.Context, *handler.Request) (*handler.Response, error) {
	return handler.Text("the account of " + a.user), nil
}

func (a *account) Finish(_ context.Context, r *handler.Request, _ *handler.Response, err error) {
	fmt.Println("finished:", r.Method, handler.StatusOf(err))
}

func ExampleByMethod() {
	h := handler.ByMethod(func() *account { return new(account) })

	for _, r := range []*handler.Request{
		{Method: "get", Args: map[string]string{"user": "ada"}},
		{Method: "get"},
		{Method: "delete", Args: map[string]string{"user": "ada"}},
	} {
		if resp, err := h.Serve(context.Background(), r); err == nil {
			fmt.Println(resp.Text())
		}
	}
	// Output:
	// finished: get 200
	// the account of ada
	// finished: get 401
	// finished: delete 405
}

func ExampleTyped() {
	type sum struct {
		Digits uint8 `arg:"digits"`
		Terms  []int `json:"terms"`
	}
	h := handler.Typed(func(_ context.Context, in sum) (map[string]string, error) {
		total := 0
		for _, n := range in.Terms {
			total += n
		}
		return map[string]string{"sum": fmt.Sprintf("%0*d", int(in.Digits), total)}, nil
	})

	r := &handler.Request{
		Header: map[string][]string{"content-type": {"application/json"}},
		Args:   map[string]string{"digits": "4"},
		Body:   []byte(`{"terms": [1, 2, 3]}`),
	}
	resp, err := h.Serve(context.Background(), r)
	fmt.Println(resp.Text(), err)

	r.Args["digits"] = "four"
	_, err = h.Serve(context.Background(), r)
	fmt.Println(handler.ErrorResponse(err).Reason)
	// Output:
	// {"sum":"0006"} <nil>
	// arg "digits" must be a whole number of 8 bits without a sign
}

func ExampleErrorResponse() {
	secret := errors.New("dial postgres://app:1234@db: refused")
	for _, err := range []error{
		handler.Errorf(404, "no report %d", 7),
		&handler.Error{Status: 503, Reason: "the database is away", Err: secret}, // the cause is for the log
		secret,
	} {
		resp := handler.ErrorResponse(err)
		fmt.Println(resp.Status, resp.Reason)
	}
	// Output:
	// 404 no report 7
	// 503 the database is away
	// 500 internal error
}

func ExampleRun() {
	h := handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.Args["seen"] = "yes" // panics: there are no Args
		return handler.Text("done"), nil
	})

	_, err := handler.Run(context.Background(), h, &handler.Request{Path: "/reports"})
	var p *handler.PanicError
	fmt.Println(errors.As(err, &p), err)
	fmt.Println(handler.ErrorResponse(err).Status)
	// Output:
	// true handler: panic: assignment to entry in nil map
	// 500
}

func ExampleMatcher() {
	var mux handler.Mux // of the service
	mux.Method("get", "/reports/{id}", says("report"))

	matcher, err := handler.NewMatcher(mux.Routes()) // in the app, which was told these routes
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/reports/7", "/report/7"} {
		status, _ := matcher.Match("get", path)
		fmt.Println(path, status)
	}
	status, allowed := matcher.Match("post", "/reports/7")
	fmt.Println(status, handler.NoRoute(allowed).Header["allow"])
	// Output:
	// /reports/7 200
	// /report/7 404
	// 405 [get, head]
}
