package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/web"
)

func TestAccepts(t *testing.T) {
	t.Parallel()
	const (
		html = "text/html"
		json = "application/json"
		text = "text/plain"
	)
	for _, c := range []struct {
		name   string
		accept []string
		want   string
	}{
		{"no header", nil, json},
		{"an empty header", []string{""}, json},
		{"anything", []string{"*/*"}, json},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, html},
		{"an image element", []string{"image/avif,image/webp,*/*;q=0.8"}, json},
		{"the exact type beats anything of equal q", []string{"text/html, */*"}, html},
		{"equals fall to the order of the offers", []string{"text/html, application/json"}, json},
		{"q decides", []string{"application/json;q=0.3, text/html;q=0.7"}, html},
		{"q with spaces and capitals", []string{"Application/JSON ; Q=0.3 , TEXT/HTML; q=0.7"}, html},
		{"a type with a star", []string{"text/*"}, html},
		{"precise q counts for its type", []string{"text/*;q=0.9, text/html;q=0.1"}, text},
		{"q=0 refuses", []string{"application/json;q=0, */*;q=0.1"}, html},
		{"other parameters are ignored", []string{"text/html;level=1;q=0.9, application/json;q=0.5"}, html},
		{"two headers are one list", []string{"application/json;q=0.1", "text/plain"}, text},
		{"nothing that we have", []string{"image/png"}, ""},
		{"everything refused", []string{"*/*;q=0"}, ""},
		{"no slash is not a type", []string{"json"}, json},
		{"a star for the type only", []string{"*/html"}, json},
		{"bad q counts as not sent", []string{"text/html;q=2, text/plain;q=0.2"}, text},
		{"q is no word", []string{"text/html;q=NaN, text/plain;q=0.2"}, text},
		{"10,000 commas", []string{strings.Repeat(",", 10000) + "text/html"}, html},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Accept"] = c.accept
			is.Equal(web.Accepts(r, json, html, text), c.want) // the offer the client likes best
		})
	}
}

func TestAcceptsWithoutOffers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(web.Accepts(httptest.NewRequest(http.MethodGet, "/", nil)), "") // nothing to choose from
}

func ExampleAccepts() {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	fmt.Println(web.Accepts(r, "text/html", "application/json"))
	r.Header.Set("Accept", "application/json, text/html;q=0.5")
	fmt.Println(web.Accepts(r, "text/html", "application/json"))
	// Output:
	// text/html
	// application/json
}
