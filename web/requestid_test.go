package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service/servicetest"
	"quartet/web"
)

const (
	parent      = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	otherParent = "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header http.Header
		before handler.Trail
		want   handler.Trail // without an id: any will do
	}{
		"nothing":            {},
		"an id":              {header: http.Header{"X-Request-Id": {"event-1"}}, want: handler.Trail{RequestID: "event-1"}},
		"an empty id":        {header: http.Header{"X-Request-Id": {""}}},
		"no id at all":       {header: http.Header{"X-Request-Id": nil}},
		"an invalid id":      {header: http.Header{"X-Request-Id": {"a\x1b[2Jb"}}},
		"an id that is long": {header: http.Header{"X-Request-Id": {strings.Repeat("x", 129)}}},
		"a trace": {header: http.Header{"Traceparent": {parent}, "Tracestate": {"a=1", "b=2"}},
			want: handler.Trail{TraceParent: parent, TraceState: "a=1,b=2"}},
		"an invalid trace":         {header: http.Header{"Traceparent": {"00-x"}, "Tracestate": {"a=1"}}},
		"two traces":               {header: http.Header{"Traceparent": {parent, parent}, "Tracestate": {"a=1"}}},
		"a state that cannot be":   {header: http.Header{"Traceparent": {parent}, "Tracestate": {"\xff"}}, want: handler.Trail{TraceParent: parent}},
		"a state without a parent": {header: http.Header{"Tracestate": {"a=1"}}},
		"what was there before": {
			header: http.Header{"X-Request-Id": {"client"}, "Traceparent": {parent}, "Tracestate": {"a=1"}},
			before: handler.Trail{RequestID: "event-1", TraceParent: otherParent, Callers: []string{"app"}, Hops: 2},
			want:   handler.Trail{RequestID: "event-1", TraceParent: otherParent, Callers: []string{"app"}, Hops: 2},
		},
		"half of it": {
			header: http.Header{"X-Request-Id": {"client"}, "Traceparent": {parent}},
			before: handler.Trail{Callers: []string{"app"}, Hops: 2},
			want:   handler.Trail{RequestID: "client", TraceParent: parent, Callers: []string{"app"}, Hops: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = tt.header
			before := fmt.Sprint(r.Header)
			if tt.before.Hops > 0 {
				r = r.WithContext(handler.WithTrail(r.Context(), tt.before))
			}
			var got handler.Trail
			var found []string
			answer := httptest.NewRecorder()
			web.RequestID(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got, _ = handler.TrailFrom(r.Context())
				found = r.Header["X-Request-Id"]
			})).ServeHTTP(answer, r)
			is.True(handler.ValidRequestID(got.RequestID))
			is.Equal(answer.Header()["X-Request-Id"], []string{got.RequestID}) // the client is told
			is.Equal(found, []string{got.RequestID})                           // and so is the page
			is.Equal(fmt.Sprint(r.Header), before)                             // in a header of its own
			if tt.want.RequestID == "" {
				got.RequestID = ""
			}
			is.Equal(got, tt.want)
		})
	}
}

// TestRequestIDReachesTheService, and the trace as well.
func TestRequestIDReachesTheService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	client := servicetest.New(t, "reports", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.Text(r.Trail().RequestID + " " + r.Trail().TraceParent), nil
	}))
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply, err := client.Call(r.Context(), "reports", &handler.Request{Path: "/"})
		is.NoErr(err)
		fmt.Fprint(w, reply.Text())
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Traceparent", parent)
	answer := httptest.NewRecorder()
	web.RequestID(page).ServeHTTP(answer, r)
	is.Equal(answer.Body.String(), answer.Header().Get("X-Request-Id")+" "+parent)
}

func ExampleAccessLog() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "took" { // to be the same every time
				return slog.Attr{}
			}
			return a
		},
	}))

	router := chi.NewRouter()
	router.Use(web.RequestID, web.AccessLog(log))
	router.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

	for _, path := range []string{"/hello?name=ada", "/bye"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("X-Request-Id", "event-1")
		router.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// level=INFO msg="http request" path=/hello method=GET status=200 bytes_out=5 remote=192.0.2.1:1234 request_id=event-1
	// level=WARN msg="http request" path=/bye method=GET status=404 bytes_out=19 remote=192.0.2.1:1234 request_id=event-1
}
