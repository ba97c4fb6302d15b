package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"

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
	Title string
	Pages int
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

// A page embeds the client and leaves the work to a service. Here both are in one process; between processes the
// endpoints are ipc://run/reports and the like, and both sides have the option WithSecret.
func Example() {
	addr := service.Addr{Requests: "inproc://reports", Responses: "inproc://reports_response"}

	var mux handler.Mux
	mux.Method(handler.MethodRequest, "/reports/{id}", handler.Typed(func(ctx context.Context, in Ask) (Report, error) {
		if in.ID == "0" {
			return Report{}, handler.Errorf(http.StatusGone, "report 0 was withdrawn")
		}
		return Report{Title: "Report " + in.ID, Pages: 12}, nil
	}))
	server := service.NewServer("reports", &mux)
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()

	client := service.NewClient()
	if err := client.Register("reports", []service.Addr{addr}); err != nil {
		fmt.Println(err)
	}
	site := chi.NewRouter()
	site.Get("/report/{id}", pages{client}.report)

	for _, path := range []string{"/report/7", "/report/0"} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	client.Shutdown(context.Background())
	server.Shutdown(context.Background())
	<-served
	// Output:
	// 200 Report 7: 12 pages
	// 410 {"status":410,"error":"Gone","reason":"report 0 was withdrawn"}
}
