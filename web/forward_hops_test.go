package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

// couple is a client of two services, a and b, which know it as well.
func couple(t testing.TB, a, b func(c *service.Client) handler.Handler) *service.Client {
	t.Helper()
	toA, toB := servicetest.Addr(), servicetest.Addr()
	c := servicetest.NewClient(t, "a", toA)
	if err := c.Register("b", []service.Addr{toB}); err != nil {
		t.Fatal(err)
	}
	servicetest.NewServer(t, "a", a(c), toA)
	servicetest.NewServer(t, "b", b(c), toB)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, name := range []string{"a", "b"} {
		if err := c.Ready(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// forwards is a handler that leaves everything to another service.
func forwards(to string) handler.Handler {
	return handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		return handler.Forward(to, ""), nil
	})
}

func always(h handler.Handler) func(*service.Client) handler.Handler {
	return func(*service.Client) handler.Handler { return h }
}

// A request that is forwarded on its way comes to the last handler as the browser sent it.
func TestForwardedExchangeIsTheSame(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	app := newApp(nil)
	direct := world{addr: listen(t, app)}
	via := world{addr: listen(t, web.Offload(couple(t, always(forwards("b")), always(web.Serve(app))), "a"))}
	for _, send := range []string{
		get("/a%2Fb?c=d&", "X: 1", "X: caf\xe9", "Cookie: a=b"), request("PUT", "/a", letters(100_000)), request("HEAD", "/", ""), get("/x/param/7"),
		request("POST", "/x/nowhere", "x"),
	} {
		method, _, _ := strings.Cut(send, " ")
		is.Equal(talk(t, via.dial(t), send, method), talk(t, direct.dial(t), send, method))
	}
}

func TestLoopsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*service.Client{
		"two services forward to each other": couple(t, always(forwards("b")), always(forwards("a"))),
		"two apps offload to each other": couple(t,
			func(c *service.Client) handler.Handler { return web.Serve(web.Offload(c, "b")) },
			func(c *service.Client) handler.Handler { return web.Serve(web.Offload(c, "a")) }),
		"one offloads, one forwards": couple(t,
			func(c *service.Client) handler.Handler { return web.Serve(web.Offload(c, "b")) }, always(forwards("a"))),
		"a page forwards to itself": couple(t,
			func(c *service.Client) handler.Handler {
				return web.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					web.Forward(w, r, c, "a", &handler.Request{Path: "/"})
				}))
			}, always(text("unused"))),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			w := visit(web.Offload(c, "a"), "GET", "/")
			is.Equal(w.Code, http.StatusLoopDetected)
			is.True(strings.Contains(w.Body.String(), "went on from service to service too often")) // and it says why
		})
	}
}

// A page that is itself behind a service may give its request up.
func TestForwardInsideOfServe(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := couple(t, func(c *service.Client) handler.Handler {
		return web.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			web.Forward(w, r, c, "b", &handler.Request{Path: "/thumbs/7", Header: map[string][]string{"x": {r.Header.Get("X")}}})
		}))
	}, always(handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		resp := handler.Text(r.Path + r.HeaderValue("x"))
		resp.Status = 201
		resp.Header["set-cookie"] = []string{"a=b", "c=d"}
		return resp, nil
	})))
	w := world{addr: listen(t, web.Offload(c, "a"))}
	a := talk(t, w.dial(t), get("/page", "X: !"), "GET")[0]
	is.Equal(a, reply{line: "HTTP/1.1 201 Created", body: "/thumbs/7!",
		fields: []string{"Content-Length: 10", "Content-Type: text/plain; charset=utf-8", "Set-Cookie: a=b", "Set-Cookie: c=d"}})
}
