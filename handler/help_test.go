package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"quartet/handler"
)

// says answers with text, the pattern and the given parameters.
func says(text string, params ...string) handler.Handler {
	return handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		out := text
		for _, p := range params {
			out += fmt.Sprintf(" %s=%s", p, r.Param(p))
		}
		return handler.Text(out), nil
	})
}

// tags returns a Middleware that puts its name around the text of the response.
func tags(name string) handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
			resp, err := next.Serve(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("%s(%w)", name, err)
			}
			return handler.Text(name + "(" + resp.Text() + ")"), nil
		})
	}
}

// ask returns the text that h answers with, or its error with the header allow.
func ask(h handler.Handler, method, path string) string {
	resp, err := handler.Run(context.Background(), h, &handler.Request{Method: method, Path: path})
	if err == nil {
		return resp.Text()
	}
	seen := handler.ErrorResponse(err)
	return strings.TrimSpace(fmt.Sprint(seen.Status, " ", seen.HeaderValue("allow")))
}

// panicOf returns what f panics with.
func panicOf(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}
