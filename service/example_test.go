package service_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quartet/handler"
	"quartet/service"
)

type order struct {
	Item  string
	Count int
}

// An instance of a service, and a client that asks it. Here both are in one process; between processes the endpoints are
// ipc://run/shop and the like, and both sides have the option WithSecret.
func ExampleServer() {
	var mux handler.Mux
	mux.Handle("/orders/{id}", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Param("id") != "7" {
			return nil, handler.Errorf(404, "no order %s", r.Param("id"))
		}
		return handler.Value(order{"violin", 2})
	}))
	addr := service.Addr{Requests: "inproc://shop", Responses: "inproc://shop_response"}
	server := service.NewServer("shop", &mux)
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()

	client := service.NewClient()
	if err := client.Register("shop", []service.Addr{addr}); err != nil {
		fmt.Println(err)
	}
	for _, path := range []string{"/orders/7", "/orders/8"} {
		o, err := service.Invoke[order](context.Background(), client, "shop", path, nil)
		fmt.Println(o, err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(client.Shutdown(ctx)) // finishes calls under way
	fmt.Println(server.Shutdown(ctx)) // finishes handlers
	fmt.Println(<-served)
	// Output:
	// {violin 2} <nil>
	// { 0} 404 no order 8 (remote)
	// <nil>
	// <nil>
	// service: closed
}

// demo is a client with a service beside it, for the examples below.
func demo(name string, h handler.Handler, o ...service.ClientOption) (c *service.Client, end func()) {
	addr := service.Addr{Requests: "inproc://" + name, Responses: "inproc://" + name + "_response"}
	server := service.NewServer("slow", h)
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()
	c = service.NewClient(o...)
	if err := c.Register("slow", []service.Addr{addr}); err != nil {
		panic(err)
	}
	return c, func() {
		c.Shutdown(context.Background())
		server.Shutdown(context.Background())
		<-served
	}
}

// Invoke encodes a value, calls, and decodes the answer.
func ExampleInvoke() {
	type numbers struct{ A, B int }
	client, end := demo("ExampleInvoke", handler.Typed(func(_ context.Context, in numbers) (int, error) {
		return in.A + in.B, nil
	}))
	defer end()

	sum, err := service.Invoke[int](context.Background(), client, "slow", "/sum", numbers{2, 3})
	fmt.Println(sum, err)
	// Output: 5 <nil>
}

// Call gives the whole answer. An error means that none came, and says by its kind whether the handler may have run.
func ExampleClient_Call() {
	client, end := demo("ExampleClient_Call", handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		switch r.Method {
		case "nap":
			<-ctx.Done()
			return nil, ctx.Err()
		case handler.MethodPut:
			return nil, handler.Errorf(409, "%s is in use", r.Path)
		}
		return handler.Text("hello " + r.Arg("who", "")), nil
	}))
	defer end()

	reply, err := client.Call(context.Background(), "slow", &handler.Request{
		Path: "/greeting", Args: map[string]string{"who": "you"},
	})
	fmt.Println(reply.Code(), reply.Text(), err)

	reply, err = client.Call(context.Background(), "slow", &handler.Request{Path: "/greeting", Method: handler.MethodPut})
	fmt.Println(reply.Code(), reply.Reason, err) // a status is an answer

	_, err = client.Call(context.Background(), "slow", &handler.Request{Path: "/greeting", Method: "nap"},
		service.WithTimeout(20*time.Millisecond))
	fmt.Println(errors.Is(err, service.ErrTimeout), handler.StatusOf(err))

	_, err = client.Call(context.Background(), "other", &handler.Request{Path: "/greeting"})
	fmt.Println(err)
	// Output:
	// 200 hello you <nil>
	// 409 /greeting is in use <nil>
	// true 504
	// 500 internal error: service: unknown service: other
}

// Send does not wait. The answer comes to the response handler that is registered for the path of the request and the
// METHOD of the response, and so does the news that none will come.
func ExampleClient_Send() {
	var responses handler.Mux
	printed := make(chan struct{})
	responses.Method(handler.MethodResponse, "/mail/{to}", handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			defer close(printed)
			if err := r.Answer.AsError(); err != nil { // lost, too late, refused, or an error of the service
				fmt.Println("no mail to", r.Param("to"), err)
				return &handler.Response{}, nil
			}
			fmt.Println("mail to", r.Param("to"), r.Answer.Text())
			return &handler.Response{}, nil
		}))
	client, end := demo("ExampleClient_Send", handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		<-time.After(10 * time.Millisecond)
		return handler.Text("is on its way"), nil
	}), service.WithResponses(&responses))
	defer end()

	_, err := client.Send(context.Background(), "slow", &handler.Request{Path: "/mail/ann"})
	fmt.Println("sent", err) // the page can return now
	<-printed
	// Output:
	// sent <nil>
	// mail to ann is on its way
}
