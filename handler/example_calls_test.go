package handler_test

import (
	"context"
	"fmt"

	"quartet/handler"
)

// A response handler is a handler that runs in the app when an answer arrives: Answer is the response, path and arguments
// are those of the request. Give a Mux of them to a client with service.WithResponses.
func Example_responseHandler() {
	var responses handler.Mux
	responses.Method(handler.MethodResponse, "/mail/{to}", handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			if err := r.Answer.AsError(); err != nil { // an error of the service, or none came
				fmt.Println("no mail to", r.Param("to")+":", err)
				return r.Answer, nil
			}
			fmt.Println("mail to", r.Param("to"), r.Answer.Text())
			return r.Answer, nil
		}))

	for _, answer := range []*handler.Response{
		handler.Text("is on its way"),
		{Status: 404, Reason: "no such street"},
	} { // what a client does when they come
		r := &handler.Request{Path: "/mail/ann", Method: handler.MethodResponse, Answer: answer}
		_, _ = handler.Run(context.Background(), &responses, r)
	}
	// Output:
	// mail to ann is on its way
	// no mail to ann: 404 no such street (remote)
}

// An answer that leaves the request to another service. Who asked gets what that answers; see the examples of package
// service for all of it.
func ExampleForward() {
	album := handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		r.SetHeader("album", "holidays") // what a handler changes goes along
		return handler.Forward("archive", "/negatives"+r.Path), nil
	})

	resp, err := album.Serve(context.Background(), &handler.Request{Path: "/pictures/7"})
	if err != nil {
		fmt.Println(err)
		return
	}
	service, path, ok := resp.Forwards() // for tests: nothing is sent here
	fmt.Println(service, path, ok)
	// Output: archive /negatives/pictures/7 true
}

// A context with a Trail gives a name to all calls that are made with it, and to those that they cause: for work that no
// web request began.
func ExampleWithTrail() {
	ctx := handler.WithTrail(context.Background(), handler.Trail{RequestID: "nightly-2026-11-22"})

	trail, ok := handler.TrailFrom(ctx) // as a client reads it
	fmt.Println(trail.RequestID, trail.Hops, ok)
	// Output: nightly-2026-11-22 0 true
}
