package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service/servicetest"
	"quartet/web"
)

// recv takes a value from a channel that must have one in time.
func recv[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case v := <-ch:
		return v
	case <-limit.C:
		t.Fatalf("within %v it did not come: %s", patience, what)
		panic("unreachable")
	}
}

// everywhere runs a test against an app and against one that leaves all to a service.
func everywhere(t *testing.T, test func(t *testing.T, serve func(http.Handler) world)) {
	for name, serve := range map[string]func(testing.TB, http.Handler) http.Handler{
		"direct": func(_ testing.TB, h http.Handler) http.Handler { return h },
		"inproc": func(t testing.TB, h http.Handler) http.Handler { return offloaded(t, h) },
		"ipc":    offloadedOverIPC,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(h http.Handler) world { return world{name: name, addr: listen(t, serve(t, h))} })
		})
	}
}

func TestClientThatLeavesEndsTheHandler(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]string{"GET": get("/"), "POST": request("POST", "/", "body")} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, serve func(http.Handler) world) {
				is := is.New(t)
				began, ended := make(chan bool, 1), make(chan error, 1)
				conn := serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					began <- true
					<-r.Context().Done()
					ended <- context.Cause(r.Context())
				})).dial(t)
				_, err := io.WriteString(conn, send)
				is.NoErr(err) // the request is sent
				recv(t, began, "the request")
				is.NoErr(conn.Close())
				is.Equal(recv(t, ended, "the end of the handler's context"), context.Canceled)
			})
		})
	}
}

func TestClientThatLeavesWhileItSendsIsNotServed(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	came := make(chan string, 8)
	offload := offloaded(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.URL.Path }))
	left := make(chan bool, 8)
	w := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offload.ServeHTTP(w, r)
		left <- true
	}))}
	for _, send := range []string{
		request("POST", "/half", "", "Content-Length: 100000") + letters(70_000),
		request("POST", "/half", "", "Transfer-Encoding: chunked") + "5\r\nab",
	} {
		conn := w.dial(t)
		_, err := io.WriteString(conn, send)
		is.NoErr(err) // half of the request is sent
		is.NoErr(conn.Close())
		recv(t, left, "the end of the request")
	}
	is.Equal(talk(t, w.dial(t), get("/whole"), "GET")[0].code(), 200) // the app lives on
	is.Equal(recv(t, came, "a request"), "/whole")                    // and no half of a request was served
}

func TestClientThatLeavesWhileItReadsCostsNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, serve func(http.Handler) world) {
		is := is.New(t)
		w := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/large" {
				_, _ = io.WriteString(w, letters(most))
			}
		}))
		for range 5 {
			conn := w.dial(t)
			_, err := io.WriteString(conn, get("/large"))
			is.NoErr(err) // the request is sent
			_, err = io.ReadFull(conn, make([]byte, 1000))
			is.NoErr(err) // the answer has begun
			is.NoErr(conn.Close())
		}
		is.Equal(talk(t, w.dial(t), get("/"), "GET")[0].code(), 200) // the app lives on
	})
}

func TestDeadlineOfTheRequestReachesTheHandler(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ended := make(chan error, 1)
	var left time.Duration
	offload := offloaded(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		deadline, _ := r.Context().Deadline()
		left = time.Until(deadline)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}))
	w := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 200*time.Millisecond)
		defer cancel()
		offload.ServeHTTP(w, r.WithContext(ctx))
	}))}
	a := talk(t, w.dial(t), get("/"), "GET")[0]
	is.Equal(a.line, "HTTP/1.1 504 Gateway Timeout")
	is.True(recv(t, ended, "the end of the handler's context") != nil)
	is.True(left > 0 && left <= 200*time.Millisecond) // the handler knew of it
}

// What a handler does because of a request belongs to it.
func TestContextOfAServedHandlerCarriesTheRequest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := servicetest.New(t, svc, web.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := handler.FromContext(r.Context())
		fmt.Fprintf(w, "%s %s %d %s", asked.Method, asked.Path, asked.Trail().Hops, web.Query(asked).Get("a"))
	})))
	w := world{addr: listen(t, web.Offload(c, svc))}
	is.Equal(talk(t, w.dial(t), get("/x%2Fy?a=%C3%A4"), "GET")[0].body, "get /x%2Fy 1 \u00e4")
}
