package service_test

import (
	"context"
	"fmt"

	"quartet/handler"
)

// A service leaves a request to another one, whose answer goes to the page that asked: here an album has no pictures of
// its own and lets the archive show them. The page does not notice, and the album is free at once.
func Example_forward() {
	var album handler.Mux
	album.Method(handler.MethodGet, "/pictures/{id}", handler.Func(
		func(_ context.Context, r *handler.Request) (*handler.Response, error) {
			if r.Param("id") == "0" {
				return handler.Text("the cover of the album"), nil
			}
			r.SetHeader("album", "holidays")                            // what a handler changes goes along
			return handler.Forward("archive", "/negatives"+r.Path), nil // an empty path leaves it as it is
		}))
	archive := handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text("the archive has " + r.Path + " of the " + r.HeaderValue("album")), nil
	})
	client, end := several(map[string]handler.Handler{"album": &album, "archive": archive})
	defer end()

	for _, path := range []string{"/pictures/0", "/pictures/7"} {
		reply, err := client.Call(context.Background(), "album", &handler.Request{Path: path, Method: handler.MethodGet})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(reply.Text())
	}
	// Output:
	// the cover of the album
	// the archive has /negatives/pictures/7 of the holidays
}
