package service_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// Report is what the service makes.
type Report struct {
	Title string `json:"title"`
	Pages int    `json:"pages"`
}

// pages embeds the client, so that every HTTP handler can call services.
type pages struct{ *service.Client }

func (p pages) report(w http.ResponseWriter, r *http.Request) {
	out, err := service.Invoke[Report](r.Context(), p, "slow", "/reports/"+r.PathValue("id"), nil)
	if err != nil {
		web.Error(w, r, err) // 404 as the service said, 503, 504, 502 …
		return
	}
	web.JSON(w, r, http.StatusOK, out)
}

// An HTTP handler that leaves the work to a service.
func Example() {
	client, end := demo("Example", handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		if r.Path != "/reports/7" {
			return nil, handler.Errorf(http.StatusNotFound, "no such report")
		}
		return handler.Value(Report{"Seven", 77})
	}))
	defer end()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /report/{id}", pages{client}.report)
	for _, path := range []string{"/report/7", "/report/8"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"title":"Seven","pages":77}
	//
	// 404 {"status":404,"error":"Not Found","reason":"no such report"}
}
