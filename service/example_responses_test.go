package service_test

import (
	"context"
	"fmt"

	"quartet/handler"
	"quartet/service"
)

// Response handlers are handlers of the app. The path of the request and the METHOD of the response choose one, also for a
// Call, which returns once it has: Made is what it made of the answer.
func ExampleWithResponses() {
	var responses handler.Mux
	responses.Method(handler.MethodResponse, "/stock/{item}", handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			return handler.Text(r.Param("item") + ": " + r.Answer.Text()), nil
		}))
	responses.Method("moved", "/stock/{item}", handler.Func( // a METHOD that the service has set
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(410, "%s is in %s now", r.Param("item"), r.Answer.Text())
		}))

	stock := handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path == "/stock/harp" {
			resp := handler.Text("Dublin")
			resp.Method = "moved"
			return resp, nil
		}
		return handler.Text("12"), nil
	})
	client, end := demo("ExampleWithResponses", stock, service.WithResponses(&responses))
	defer end()

	for _, path := range []string{"/stock/violin", "/stock/harp", "/prices/violin"} {
		reply, err := client.Call(context.Background(), "slow", &handler.Request{Path: path})
		switch {
		case err != nil:
			fmt.Println("no answer:", err)
		case reply.MadeErr != nil:
			fmt.Println("refused:", reply.MadeErr)
		case reply.Made != nil:
			fmt.Println("made:", reply.Made.Text())
		default: // no response handler for this path and METHOD
			fmt.Println("as it came:", reply.Text())
		}
	}
	// Output:
	// made: violin: 12
	// refused: 410 harp is in Dublin now
	// as it came: 12
}

// A service that answers a Send with an error, or does not answer at all, is told to the same response handler. Typed is
// for one that looks at successes only: it returns the error of all others, which is logged from status 500 up.
func ExampleWithResponses_typed() {
	type receipt struct{ Number int }
	booked := make(chan receipt)
	var responses handler.Mux
	responses.Method(handler.MethodResponse, "/orders/{item}", handler.Typed(
		func(_ context.Context, in receipt) (struct{}, error) {
			booked <- in
			return struct{}{}, nil
		}))
	orders := handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Value(receipt{Number: 7})
	})
	client, end := demo("ExampleWithResponses_typed", orders, service.WithResponses(&responses))
	defer end()

	if _, err := client.Send(context.Background(), "slow", &handler.Request{Path: "/orders/violin"}); err != nil {
		fmt.Println("not sent:", err)
		return
	}
	fmt.Println("order", (<-booked).Number)
	// Output: order 7
}
