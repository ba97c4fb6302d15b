package snippets

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

var templates = template.Must(template.New("report").Parse(`<h1>{{.Title}}</h1>`))

type site struct{ service.Caller } // a *service.Client, or a fake in tests

func (s site) report(w http.ResponseWriter, r *http.Request) {
	report, err := service.Invoke[Report](r.Context(), s, "reports", "/reports/"+chi.URLParam(r, "id"), nil,
		service.WithMethod(handler.MethodGet), service.WithTimeout(2*time.Second))
	if err != nil {
		web.Error(w, r, err) // the service's 404, or 503, 504, 502 where none came: as JSON, HTML or text
		return
	}
	w.Header().Add("Vary", "Accept")
	switch web.Accepts(r, "text/html", "application/json") {
	case "text/html":
		err = web.HTML(w, r, http.StatusOK, templates, "report", report)
	default:
		err = web.JSON(w, r, http.StatusOK, report)
	}
	if err != nil { // of the template: nothing was written
		web.Error(w, r, err)
	}
}

func (s site) print(w http.ResponseWriter, r *http.Request) {
	id, err := s.Send(r.Context(), "reports", &handler.Request{Path: "/prints/" + chi.URLParam(r, "id")})
	if err != nil {
		web.Error(w, r, err) // nothing was sent
		return
	}
	_ = web.JSON(w, r, http.StatusAccepted, map[string]string{"id": id}) // the response handler finds it in r.ID()
}

func (s site) picture(w http.ResponseWriter, r *http.Request) {
	web.Forward(w, r, s, "pictures", &handler.Request{Path: "/small/" + chi.URLParam(r, "id"), Method: handler.MethodGet})
}

// books is an HTTP handler like any other.
func books() http.Handler {
	r := chi.NewRouter()
	r.Get("/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, chi.URLParam(r, "user")+" reads "+chi.URLParam(r, "id")+" at "+r.URL.Path)
	})
	return r
}

func here(log *slog.Logger, books http.Handler) http.Handler {
	router := chi.NewRouter()
	router.Use(web.RequestID, web.AccessLog(log))
	router.Mount("/{user}/books", books)
	return router
}

func there(log *slog.Logger, client service.Caller) http.Handler {
	router := chi.NewRouter()
	router.Use(web.RequestID, web.AccessLog(log))
	router.Mount("/{user}/books", web.Offload(client, "books"))
	return router
}

func newBooks(books http.Handler, log *slog.Logger, secret service.Secret) *service.Server {
	books = web.RequestID(web.AccessLog(log)(books)) // takes over the id that the app gave
	server := service.NewServer("books", web.Serve(books), service.WithSecret(secret), service.WithLogger(log))
	return server
}

func newSearch() *handler.Mux {
	var mux handler.Mux
	mux.Method(handler.MethodGet, "/search", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		return handler.JSON(find(web.Query(r).Get("q")))
	}))
	return &mux
}

func find(text string) []string { return []string{"all about " + text} }

// run serves until stop is closed.
func run(stop <-chan struct{}, listener net.Listener, router http.Handler, client *service.Client, books *service.Server) error {
	server := &http.Server{
		Handler:           router,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,      // Offload reads the whole body before it sends it
		WriteTimeout:      40 * time.Second, // more than a call may take: 30 s, unless WithTimeout says otherwise
	}
	go server.Serve(listener)
	<-stop

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	pages := server.Shutdown(ctx)   // first who asks: pages use the client
	services := books.Shutdown(ctx) // and so may the handlers of a service in this process
	calls := client.Shutdown(ctx)   // last the client: answers that are due, and their response handlers
	return errors.Join(pages, services, calls)
}

type fake struct{ service.Caller }

func (fake) Call(_ context.Context, _ string, r *handler.Request, _ ...service.CallOption) (*service.Reply, error) {
	if r.Path != "/reports/7" {
		return nil, service.ErrUnavailable
	}
	resp, err := handler.Value(Report{Title: "Seven"})
	return &service.Reply{Response: resp}, err
}

func TestPage(t *testing.T) {
	is := is.New(t)
	router := chi.NewRouter()
	router.Get("/report/{id}", site{fake{}}.report)

	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest("GET", "/report/7", nil))
	is.Equal(w.Body.String(), "<h1>Seven</h1>")
}

func TestPageWithoutService(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	router := chi.NewRouter()
	router.Get("/report/{id}", site{fake{}}.report)
	w := get(t, router, "/report/8", "Accept: text/html")
	is.Equal(w.Code, 503)
	is.Equal(w.Header().Get("Retry-After"), "1")
	is.True(strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"))
}

func get(t *testing.T, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPageOverServices(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	told := make(chan string, 1)
	client := newAsker(servicetest.Logger(t), told)
	world(t, client, map[string]handler.Handler{
		"reports": newShelf().routes(servicetest.Logger(t)), "search": newSearch(), "pictures": says("a small picture"),
	})
	s := site{client}
	router := chi.NewRouter()
	router.Get("/report/{id}", s.report)
	router.Post("/report/{id}/print", s.print)
	router.Get("/picture/{id}", s.picture)
	router.Mount("/", web.Offload(client, "search"))

	is.Equal(get(t, router, "/report/7", "Accept: application/json").Body.String(), `{"title":"Seven","pages":12}`+"\n")
	w := get(t, router, "/picture/7")
	is.Equal(w.Header().Get("Content-Type"), "application/msgpack") // of a service that says nothing else
	is.Equal(get(t, router, "/search?q=bees").Body.String(), `["all about bees"]`)

	w = httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest("POST", "/report/7/print", nil))
	is.Equal(w.Code, 202)
	var sent struct{ ID string }
	is.NoErr(json.Unmarshal(w.Body.Bytes(), &sent))
	is.Equal(<-told, sent.ID+" printing 7")
}

// TestMove: the same page from either process, and one id for both logs.
func TestMove(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var appLog, serviceLog logged
	server := newBooks(books(), serviceLog.logger(), service.Secret{})
	addr := servicetest.Addr()
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()
	client := service.NewClient()
	is.NoErr(client.Register("books", []service.Addr{addr}))

	stop := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	ended := make(chan error)
	go func() { ended <- run(stop, listener, there(appLog.logger(), client), client, server) }()
	resp, err := http.Get("http://" + listener.Addr().String() + "/ada/books/7?page=3")
	is.NoErr(err)
	moved, err := io.ReadAll(resp.Body)
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	is.Equal(string(moved), get(t, here(appLog.logger(), books()), "/ada/books/7?page=3").Body.String())
	id := resp.Header.Get("X-Request-Id")
	close(stop)
	is.NoErr(<-ended)
	is.True(errors.Is(<-served, service.ErrClosed))
	is.True(strings.Contains(appLog.text.String(), "request_id="+id))
	is.True(strings.Contains(serviceLog.text.String(), "request_id="+id))
}

// logged collects what is written to a log.
type logged struct{ text strings.Builder }

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&l.text, nil)) }
