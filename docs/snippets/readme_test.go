package snippets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// Ask is what the page asks of the service: the id comes from the path.
type Ask struct {
	ID string `param:"id"`
}

// Report is what the service answers.
type Report struct {
	Title string `json:"title"`
	Pages int    `json:"pages"`
}

type pages struct{ *service.Client }

func (p pages) report(w http.ResponseWriter, r *http.Request) {
	out, err := service.Invoke[Report](r.Context(), p, "reports", "/reports/"+chi.URLParam(r, "id"), nil)
	if err != nil {
		web.Error(w, r, err)
		return
	}
	fmt.Fprintf(w, "%s: %d pages\n", out.Title, out.Pages)
}

func newReports(secret service.Secret) *service.Server {
	var mux handler.Mux
	mux.Method(handler.MethodRequest, "/reports/{id}", handler.Typed(func(ctx context.Context, in Ask) (Report, error) {
		return Report{Title: "Report " + in.ID, Pages: 12}, nil
	}))
	server := service.NewServer("reports", &mux, service.WithSecret(secret))
	return server
}

func serveReports(server *service.Server) error {
	err := server.Serve(service.Addr{Requests: "ipc://run/reports", Responses: "ipc://run/reports_response"})
	return err
}

func newSite(client *service.Client) http.Handler {
	router := chi.NewRouter()
	router.Get("/report/{id}", pages{client}.report)
	moves(router, client)
	return router
}

func stays(router chi.Router, albums http.Handler) {
	router.Mount("/albums", albums)
}

func moves(router chi.Router, client *service.Client) {
	router.Mount("/albums", web.Offload(client, "albums"))
}

func newAlbums(albums http.Handler, secret service.Secret) *service.Server {
	server := service.NewServer("albums", web.Serve(albums), service.WithSecret(secret))
	return server
}

// TestReadme runs what README.md shows, on ipc.
func TestReadme(t *testing.T) {
	t.Chdir(t.TempDir())
	is := is.New(t)
	secret, err := service.ParseSecret([]byte("a passphrase for a test"))
	is.NoErr(err)
	albums := chi.NewRouter()
	albums.Get("/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "album", chi.URLParam(r, "id")) })
	moved, server := newAlbums(albums, secret), newReports(secret)

	client := service.NewClient(service.WithSecret(secret))
	is.NoErr(client.Register("reports", []service.Addr{{Requests: "ipc://run/reports", Responses: "ipc://run/reports_response"}}))
	addr := service.Addr{Requests: "ipc://run/albums", Responses: "ipc://run/albums_response"}
	is.NoErr(client.Register("albums", []service.Addr{addr}))
	served := make(chan error)
	go func() { served <- serveReports(server) }()
	go func() { served <- moved.Serve(addr) }()

	before := chi.NewRouter()
	stays(before, albums)
	is.Equal(get(t, before, "/albums/7").Body.String(), "album 7\n")
	after := newSite(client)
	is.Equal(get(t, after, "/albums/7").Body.String(), "album 7\n")
	is.Equal(get(t, after, "/report/7").Body.String(), "Report 7: 12 pages\n")

	is.NoErr(client.Shutdown(t.Context()))
	for _, s := range []*service.Server{server, moved} {
		is.NoErr(s.Shutdown(t.Context()))
		is.True(errors.Is(<-served, service.ErrClosed))
	}
}
