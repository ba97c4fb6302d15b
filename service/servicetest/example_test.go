package servicetest_test

import (
	"context"
	"testing"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
)

// A test of a handler with all that is around it: routes, encoding, deadlines. There is no output to show: this is a test
// function, but for its name.
func ExampleNew() {
	_ = func(t *testing.T) {
		var mux handler.Mux
		mux.Handle("/greetings/{name}", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			return handler.Value("hello " + r.Param("name"))
		}))
		client := servicetest.New(t, "greeter", &mux) // ends with the test

		got, err := service.Invoke[string](t.Context(), client, "greeter", "/greetings/ann", nil)
		if got != "hello ann" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err = service.Invoke[string](t.Context(), client, "greeter", "/greeting", nil); handler.StatusOf(err) != 404 {
			t.Errorf("a path without a route: %v", err)
		}
	}
}
