package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/matryer/is"

	"quartet/service/servicetest"
	"quartet/web"
)

// sides are the places of a middleware: before Offload, and inside of Serve. One comes after the other.
func sides(t *testing.T, m wrapper, h http.Handler, test func(t *testing.T, w world)) {
	t.Run("before Offload", func(t *testing.T) {
		test(t, world{addr: listen(t, around(m, offloaded(t, h)))})
	})
	t.Run("inside of Serve", func(t *testing.T) {
		test(t, world{addr: listen(t, offloaded(t, around(m, h)))})
	})
}

func TestThrottleTurnsAway(t *testing.T) {
	t.Parallel()
	begun, leave := make(chan bool), make(chan bool)
	sides(t, middleware.Throttle(1), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			begun <- true
			<-leave
		}
	}), func(t *testing.T, w world) {
		is := is.New(t)
		first := make(chan reply, 1)
		go func() { first <- talk(t, w.dial(t), get("/slow"), "GET")[0] }()
		recv(t, begun, "the first request")
		is.Equal(talk(t, w.dial(t), get("/"), "GET")[0].code(), 429) // there is room for one
		leave <- true
		is.Equal(recv(t, first, "its answer").code(), 200)
		is.Equal(talk(t, w.dial(t), get("/"), "GET")[0].code(), 200) // now there is room again
	})
}

func TestTimeoutAnswers504(t *testing.T) {
	t.Parallel()
	ended := make(chan bool, 2)
	sides(t, middleware.Timeout(100*time.Millisecond), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		ended <- true
	}), func(t *testing.T, w world) {
		is := is.New(t)
		is.Equal(talk(t, w.dial(t), get("/"), "GET")[0].line, "HTTP/1.1 504 Gateway Timeout")
		recv(t, ended, "the end of the handler")
	})
}

// silent is a middleware.LogEntry.
type silent struct{}

func (silent) Write(int, int, http.Header, time.Duration, any) {}
func (silent) Panic(any, []byte)                               {}

func TestPanicIs500WithAndWithoutRecoverer(t *testing.T) {
	t.Parallel()
	recoverer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			middleware.Recoverer(next).ServeHTTP(w, middleware.WithLogEntry(r, silent{})) // else it prints in colours
		})
	}
	sides(t, recoverer, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }), func(t *testing.T, w world) {
		is := is.New(t)
		a := talk(t, w.dial(t), get("/")+get("/"), "GET", "GET")
		is.Equal(a[0].line, "HTTP/1.1 500 Internal Server Error")
		is.Equal(a[1], a[0])                        // and the connection lives on
		is.True(!strings.Contains(a[0].body, "oh")) // which says nothing to strangers
	})
}

func TestRequestSizeIsKept(t *testing.T) {
	t.Parallel()
	sides(t, middleware.RequestSize(10), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "a body of more than 10 bytes", http.StatusRequestEntityTooLarge)
		}
	}), func(t *testing.T, w world) {
		is := is.New(t)
		is.Equal(talk(t, w.dial(t), request("POST", "/", "0123456789"), "POST")[0].code(), 200)
		a := talk(t, w.dial(t), request("POST", "/", "0123456789a"), "POST")[0]
		is.Equal(a.code(), 413)                                           // one byte more
		is.True(strings.Contains(a.body, "a body of more than 10 bytes")) // with the limit that it was about
	})
}

// Compress before Offload sees the type that net/http would have guessed only after it.
func TestCompressSeesTheGuessedType(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := world{addr: listen(t, around(middleware.Compress(5), offloaded(t, answering(0, "<p>"+letters(5000)))))}
	a := talk(t, w.dial(t), get("/", "Accept-Encoding: gzip"), "GET")[0]
	is.Equal(a.field("Content-Encoding"), "gzip")
	is.Equal(a.field("Content-Type"), "text/html; charset=utf-8")
	is.Equal(unpacked(t, a).body, "<p>"+letters(5000))
}

// What a middleware has put into the context stays in its process; into the request, it crosses.
func TestOnlyTheRequestCrosses(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	mark := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("X-User", "ann")
			w.Header().Set("X-App", "1")
			w.Header().Set("X-Both", "app")
			w.Header().Add("Vary", "Accept")
			w.Header().Add("Set-Cookie", "app=1")
			next.ServeHTTP(w, r)
		})
	}
	inner := answering(0, "", "X-Both", "service", "Vary", "Cookie", "Set-Cookie", "service=1")
	w := world{addr: listen(t, middleware.ClientIPFromRemoteAddr(mark(offloaded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Header.Get("X-User")+middleware.GetClientIP(r.Context()))
		inner(w, r)
	})))))}
	is.Equal(talk(t, w.dial(t), get("/"), "GET")[0].fields, []string{
		"Content-Length: 0", "Set-Cookie: app=1", "Set-Cookie: service=1", "Vary: Accept", "Vary: Cookie",
		"X-App: 1", "X-Both: service", "X-Seen: ann",
	})
}

// A client can name a field in Connection that it has not set. Whoever sets one that counts deletes Connection.
func TestConnectionTakesFieldsOfMiddlewares(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	offload := offloaded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-User")) }))
	for name, want := range map[string]string{"Connection": "ann", "Nothing": ""} {
		w := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del(name)
			r.Header.Set("X-User", "ann")
			offload.ServeHTTP(w, r)
		}))}
		is.Equal(talk(t, w.dial(t), get("/", "Connection: x-user"), "GET")[0].body, want)
	}
}

// A body that somebody has read before is a mistake, which must not look like an empty form.
func TestBodyThatWasReadBefore(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	offload := web.Offload(servicetest.New(t, svc, web.Serve(http.HandlerFunc(echo))), svc)
	w := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is.NoErr(r.ParseForm()) // reads the body
		offload.ServeHTTP(w, r)
	}))}
	form := "Content-Type: application/x-www-form-urlencoded"
	a := talk(t, w.dial(t), request("POST", "/", "a=b", form), "POST")[0]
	is.Equal(a.code(), 500)
	is.True(strings.Contains(a.body, "the body was read, or changed, before it could be sent"))
	is.Equal(talk(t, w.dial(t), request("POST", "/?a=b", "", form), "POST")[0].code(), 200) // nothing was there to read
}

// Whoever puts another body in its place says how long it is, or that he does not know.
func TestBodyThatWasReplaced(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	offload := offloaded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	for length, want := range map[int64]int{-1: 200, 100_000: 200, 3: 500, 100_001: 500} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(letters(100_000)))
		r.ContentLength = length
		w := httptest.NewRecorder()
		offload.ServeHTTP(w, r)
		is.Equal(w.Code, want)
		is.True(want != 200 || w.Body.String() == letters(100_000)) // all of it came
	}
	for _, none := range []io.ReadCloser{nil, http.NoBody} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader("a=b"))
		r.Body = none
		w := httptest.NewRecorder()
		offload.ServeHTTP(w, r)
		is.Equal(w.Code, 500)
	}
}

func TestBodyThatFailsAfterTheClientLeft(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	offloaded(t, http.HandlerFunc(echo)).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/", iotest.ErrReader(io.ErrUnexpectedEOF)))
	is.Equal(w.Code, 499) // for the access log
}
