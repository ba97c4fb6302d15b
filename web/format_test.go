package web_test

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

func TestErrorFormat(t *testing.T) {
	t.Parallel()
	nasty := &handler.Error{Status: 400, Remote: true, Reason: "<script>alert(1)</script>\r\n\x1b[31mred\x00\u202etxt\xff"}
	for _, c := range []struct {
		accept, contentType, contains string
	}{
		{"text/html,*/*;q=0.8", "text/html; charset=utf-8", "&lt;script&gt;alert(1)&lt;/script&gt;  [31mredtxt\uFFFD</p>"},
		{"application/json", "application/json", `"reason":"\u003cscript\u003ealert(1)\u003c/script\u003e  [31mredtxt`},
		{"text/plain", "text/plain; charset=utf-8", "Bad Request: <script>alert(1)</script>  [31mredtxt\uFFFD\n"},
		{"image/png", "text/plain; charset=utf-8", "Bad Request: "},
		{"", "application/json", `{"status":400,"error":"Bad Request",`},
	} {
		t.Run(c.accept, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept", c.accept)
			w := httptest.NewRecorder()
			web.Error(w, r, nasty)
			is.Equal(w.Code, 400)
			is.Equal(w.Header().Get("Content-Type"), c.contentType)
			is.True(strings.Contains(w.Body.String(), c.contains)) // escaped, without control characters
			is.True(!strings.ContainsAny(w.Body.String(), "\x00\x1b\r\u202e"))
		})
	}
}

func TestErrorPageAllowsOnlyItsOwnStyle(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	w.Header().Set("Content-Security-Policy", "default-src 'self'") // would not let the page's style in
	web.Error(w, r, service.ErrLost)
	policy := w.Header().Get("Content-Security-Policy")
	is.True(strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-")) // nothing else loads
	is.True(strings.Contains(w.Body.String(), "<style>:root{color-scheme:light dark}"))
}

func TestErrorHeadHasNoBody(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"application/json", "text/html", "text/plain"} {
		is := is.New(t)
		r := httptest.NewRequest(http.MethodHead, "/", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		web.Error(w, r, service.ErrTimeout)
		is.Equal(w.Code, 504)
		is.Equal(w.Body.Len(), 0)                        // no body
		is.True(w.Header().Get("Content-Length") != "0") // but its length, as GET would have it
		is.True(strings.Contains(w.Header().Get("Vary"), "Accept"))
	}
}

func TestErrorLongReasonIsCut(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept", "text/plain")
	w := httptest.NewRecorder()
	web.Error(w, r, &handler.Error{Status: 400, Remote: true, Reason: strings.Repeat("é", 1<<20)})
	is.Equal(w.Body.String(), "Bad Request: "+strings.Repeat("é", 256)+"…\n") // 512 bytes, whole characters
}

func TestHTMLAndJSONWriteAllOrNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	half := template.Must(template.New("half").Parse("begun {{.NoSuchField}}"))
	is.True(web.HTML(w, r, http.StatusOK, half, "half", 1) != nil) // the template fails in the middle
	is.True(web.JSON(w, r, http.StatusOK, math.Inf(1)) != nil)     // not a JSON number
	is.Equal(w.Body.Len(), 0)                                      // nothing was written
	is.Equal(len(w.Header()), 0)                                   // so the page can still answer with Error
}

func ExampleError() {
	page := func(w http.ResponseWriter, r *http.Request) {
		web.Error(w, r, service.ErrUnavailable)
	}
	w := httptest.NewRecorder()
	page(w, httptest.NewRequest(http.MethodGet, "/report", nil))
	fmt.Print(w.Code, " retry after ", w.Header().Get("Retry-After"), "\n", w.Body)
	// Output:
	// 503 retry after 1
	// {"status":503,"error":"Service Unavailable","reason":"the service is not available"}
}

func ExampleHTML() {
	pages := template.Must(template.New("hello").Parse("<p>Hello, {{.}}</p>\n"))
	w := httptest.NewRecorder()
	err := web.HTML(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, pages, "hello", "<you>")
	fmt.Print(err, " ", w.Body)
	// Output: <nil> <p>Hello, &lt;you&gt;</p>
}

func ExampleJSON() {
	w := httptest.NewRecorder()
	err := web.JSON(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, []int{1, 2, 3})
	fmt.Print(err, " ", w.Body)
	// Output: <nil> [1,2,3]
}
