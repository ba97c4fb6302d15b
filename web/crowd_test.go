package web_test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/sync/errgroup"

	"quartet/handler"
	"quartet/web"
)

// TestManyClientsAtOnce looks for answers that come to somebody else.
func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	sum := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("X-Client", r.Header.Get("X-Client"))
		fmt.Fprintf(w, "%s %s %x ", r.URL.Path, r.URL.RawQuery, sha256.Sum256(body))
		_, _ = w.Write(body)
	})
	w := world{addr: listen(t, offloadedOverIPC(t, sum))}
	var clients errgroup.Group
	for n := range 64 {
		clients.Go(func() error {
			conn, err := net.DialTimeout("tcp", w.addr, patience)
			if err != nil {
				return err
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
				return err
			}
			br := bufio.NewReader(conn)
			for i := range 6 {
				body := letters(n + 1 + n*700*(i%3) + i)[n:] // no two alike
				path := fmt.Sprintf("/%d/%d", n, i)
				send := request("POST", path+"?"+path, body, fmt.Sprint("X-Client: ", n))
				if _, err := io.WriteString(conn, send); err != nil {
					return err
				}
				want := fmt.Sprintf("%s %s %x %s", path, path, sha256.Sum256([]byte(body)), body)
				if a := readReply(br, "POST"); a.code() != 200 || a.body != want || a.field("X-Client") != fmt.Sprint(n) {
					return fmt.Errorf("client %d got %.300s", n, a)
				}
			}
			return nil
		})
	}
	is.NoErr(clients.Wait()) // everybody has his own answers
}

// upload sends the head of an upload and all of it but the last byte. The deadline ends whatever goes wrong.
func upload(t *testing.T, w world, n int) net.Conn {
	t.Helper()
	conn := w.dial(t)
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request("POST", "/", "", fmt.Sprint("Content-Length: ", n))+letters(n-1)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusedUpload sends all but the last byte and reads the answer, which must not wait for that byte. It tries again where
// the answer was lost: who closes a connection before all has been read resets it, which net/http puts off by 500 ms.
func refusedUpload(t *testing.T, w world, n int) (a reply) {
	t.Helper()
	for range 5 {
		send := request("POST", "/", "", fmt.Sprint("Content-Length: ", n)) + letters(n-1)
		if a = talk(t, w.dial(t), send, "POST")[0]; a.end == "" {
			break
		}
	}
	return a
}

// finish sends the last byte and reads the answer.
func finish(t *testing.T, conn net.Conn) reply {
	t.Helper()
	_, _ = io.WriteString(conn, letters(1)) // who was refused has no use for it
	return readReply(bufio.NewReader(conn), "POST")
}

// countedBody counts what is read of a body.
type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// heap is what is in use once garbage is collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestManyLargeUploadsAreBounded is not parallel: it looks at the memory of the whole process.
func TestManyLargeUploadsAreBounded(t *testing.T) {
	is := is.New(t)
	defer debug.SetGCPercent(debug.SetGCPercent(99)) // internal/headroom stays out of it
	letters(most)
	before := heap()
	await(t, "earlier tests are forgotten", func() bool { // their pools, and connections that linger
		last := before
		before = heap()
		return last-before < 1<<20
	})
	var arrived atomic.Int64
	page := web.Offload(fakeCaller{resp: handler.Text("ok")}, svc)
	w := world{addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = countedBody{r.Body, &arrived}
		page.ServeHTTP(w, r)
	}))}
	held := func() int64 { return heap() - before }
	fill := func() (all []net.Conn) {
		arrived.Store(0)
		for range web.MaxBuffered/most - 1 {
			all = append(all, upload(t, w, most))
		}
		all = append(all, upload(t, w, most-20_000))       // now there is no room for half of a body that counts
		sent := int64(web.MaxBuffered - 20_000 - len(all)) // but for the last byte of each
		await(t, "the uploads are there", func() bool { return arrived.Load() == sent })
		is.True(held() > web.MaxBuffered-2<<20) // in memory
		return all
	}
	slow := fill()
	for range 8 {
		a := refusedUpload(t, w, 200_000)
		is.Equal(a.code(), 503) // there is no room for more
		is.Equal(a.field("Retry-After"), "1")
		is.True(strings.Contains(a.body, "too many large requests are under way"))
	}
	is.True(held() < web.MaxBuffered+16<<20) // what they hold, and connections
	for _, send := range []string{get("/"), request("POST", "/", letters(60<<10))} {
		is.Equal(talk(t, w.dial(t), send, "GET")[0].code(), 200) // what is small needs no room
	}
	for i, conn := range slow {
		if i%2 == 0 {
			is.Equal(finish(t, conn).code(), 200) // those that were let in are served
		} else {
			is.NoErr(conn.Close()) // or give up
		}
	}
	await(t, "the memory is given back", func() bool { return held() < 16<<20 })
	for _, conn := range fill() { // and so is the room
		is.Equal(finish(t, conn).code(), 200)
	}
}

func TestSlowUploaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	w := world{addr: listen(t, offloaded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})))}
	slow := []net.Conn{upload(t, w, most), upload(t, w, 100), upload(t, w, 100_000)}
	for range 50 {
		is.Equal(talk(t, w.dial(t), request("POST", "/", "body"), "POST")[0].body, "4 <nil>")
	}
	for i, n := range []string{"4194304", "100", "100000"} {
		is.Equal(finish(t, slow[i]).body, n+" <nil>") // they are served, too, at last
	}
}
