package web_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/service"
	"quartet/service/servicetest"
	"quartet/web"
)

// exchange is one or more requests on a connection. Their answers must be the same whether the app serves them itself or
// through a service, but for the differences that are named.
type exchange struct {
	name    string
	send    string           // what the client writes; PATH stands for the exchange's own path
	serve   http.HandlerFunc // what the app does at PATH; without it, paths other than /x/… are echoed
	differs []difference
	methods []string // of the requests in send, where there are several
}

func (x exchange) path(i int) string { return fmt.Sprintf("/x/%d", i) }

// bytes are what the client writes.
func (x exchange) bytes(i int) string {
	if x.send == "" {
		return get(x.path(i))
	}
	return strings.ReplaceAll(x.send, "PATH", x.path(i))
}

// get is a plain request, with further fields.
func get(target string, fields ...string) string { return request("GET", target, "", fields...) }

// request is a request with a body of known length, if any.
func request(method, target, body string, fields ...string) string {
	if body != "" {
		fields = append(fields, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	head := append([]string{method + " " + target + " HTTP/1.1", "Host: example.com"}, fields...)
	return strings.Join(head, "\r\n") + "\r\n\r\n" + body
}

// world is a server that a browser can reach.
type world struct {
	name     string
	addr     string
	services int // that a request passes
}

func (w world) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", w.addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// listen serves h over HTTP until the test ends.
func listen(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(t.Output(), "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// svc is the service of most tests.
const svc = "pages"

var secret = func() service.Secret {
	s, err := service.ParseSecret([]byte(strings.Repeat("0123456789abcdef", 4)))
	if err != nil {
		panic(err)
	}
	return s
}()

// offloaded is an app that leaves all requests to h in another service instance.
func offloaded(t testing.TB, h http.Handler, o ...service.ClientOption) http.Handler {
	t.Helper()
	return web.Offload(offloadClient(t, h, o...), svc)
}

func offloadClient(t testing.TB, h http.Handler, o ...service.ClientOption) *service.Client {
	t.Helper()
	return servicetest.New(t, svc, web.Serve(h), o...)
}

// offloadedOverIPC has real sockets in between.
func offloadedOverIPC(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	dir := t.TempDir()
	addr := service.Addr{Requests: "ipc://" + filepath.Join(dir, "q"), Responses: "ipc://" + filepath.Join(dir, "a")}
	c := servicetest.NewClient(t, svc, addr, service.WithSecret(secret))
	servicetest.NewServer(t, svc, web.Serve(h), addr, service.WithSecret(secret))
	ready(t, c)
	return web.Offload(c, svc)
}

func ready(t testing.TB, c *service.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Ready(ctx, svc); err != nil {
		t.Fatalf("no instance came: %v", err)
	}
}

// await polls until cond holds.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	limit := time.Now().Add(patience)
	for tick := time.Millisecond; !cond(); <-time.After(tick) {
		if time.Now().After(limit) {
			t.Fatalf("within %v it did not happen: %s", patience, what)
		}
	}
}

// expected is what comes of direct answers on the way through services. Each difference must be one.
func (x exchange) expected(t *testing.T, plain []reply, services int) []reply {
	want := slices.Clone(plain)
	for _, d := range x.differs {
		before := slices.Clone(want)
		for range services {
			for k := range want {
				d.change(&want[k])
			}
		}
		if reflect.DeepEqual(before, want) {
			t.Errorf("nothing differs: %s", d.name)
		}
	}
	return want
}

// TestExchanges is the promise of Offload and Serve: from outside nobody can tell, but for what their docs say.
func TestExchanges(t *testing.T) {
	t.Parallel()
	all := slices.Concat(targetExchanges(), methodExchanges(), fieldExchanges(), hopExchanges(), bodyExchanges(),
		answerExchanges(), brokenExchanges(), connectionExchanges())
	app := newApp(all)
	direct := world{"direct", listen(t, app), 0}
	worlds := []world{
		{"inproc", listen(t, offloaded(t, app)), 1},
		{"ipc", listen(t, offloadedOverIPC(t, app)), 1},
		{"two services", listen(t, offloaded(t, offloaded(t, app))), 2},
	}
	met := map[string]bool{}
	for i, x := range all {
		t.Run(x.name, func(t *testing.T) {
			is := is.New(t)
			is.True(!met["exchange "+x.name]) // its name is its own
			met["exchange "+x.name] = true
			methods := x.methods
			if methods == nil {
				method, _, _ := strings.Cut(x.bytes(i), " ")
				methods = []string{method}
			}
			plain := talk(t, direct.dial(t), x.bytes(i), methods...)
			for _, a := range plain {
				is.True(a.end == "" || a.end == "closed") // even a bad exchange comes to an end
			}
			for _, d := range x.differs {
				met[d.name] = true
			}
			for _, w := range worlds {
				want := x.expected(t, plain, w.services)
				got := talk(t, w.dial(t), x.bytes(i), methods...)
				for try := 0; try < 3 && got[0].line == "" && want[0].line != ""; try++ {
					// The answer to what nobody has read to its end may be lost: the server's close resets the connection,
					// 500 ms after the answer.
					got = talk(t, w.dial(t), x.bytes(i), methods...)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s:\n got %v\nwant %v", w.name, got, want)
				}
			}
		})
	}
	for _, d := range differences {
		if !met[d.name] {
			t.Errorf("no exchange shows the difference %q", d.name)
		}
	}
}
