package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
	"quartet/web"
)

// doors are the ways to a service: its client, and a page that passes whole requests on, in front of which a browser sits.
var doors = []struct {
	name string
	open func(t *testing.T, m *mesh, timeout time.Duration) *door
}{{"Client", openClient}, {"Offload", openPage}}

// door asks, and tells how that ended: in an answer, service.ErrTimeout or service.ErrCanceled.
type door struct {
	ask             func(context.Context, ask) *entry
	arrived, inside atomic.Int64 // of those who ask: a browser is gone before the page is
}

func (d *door) enter() { d.arrived.Add(1); d.inside.Add(1) }
func (d *door) leave() { d.inside.Add(-1) }

func openClient(_ *testing.T, m *mesh, timeout time.Duration) *door {
	d := new(door)
	d.ask = func(ctx context.Context, a ask) *entry {
		d.enter()
		defer d.leave()
		a.timeout = timeout
		return m.book.call(ctx, m.client, a)
	}
	return d
}

// openPage is a door with a browser before it, which leaves when its context ends.
func openPage(t *testing.T, m *mesh, timeout time.Duration) *door {
	d := new(door)
	offload := web.Offload(m.client, svc, service.WithTimeout(timeout))
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.enter()
		defer d.leave()
		offload.ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	d.ask = func(ctx context.Context, a ask) *entry {
		a.timeout = timeout
		e, _ := m.book.open(a, false)
		query := url.Values{"n": {strconv.Itoa(e.n)}, "nap": {a.nap.String()}}
		text, err := visit(ctx, browser, site.URL+path+"?"+query.Encode())
		m.book.end(e, handler.Text(text), err)
		return e
	}
	return d
}

// visit gets a page.
func visit(ctx context.Context, browser *http.Client, url string) (text string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := browser.Do(r)
	if err != nil && ctx.Err() != nil {
		return "", service.ErrCanceled
	}
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", service.ErrCanceled
	case err != nil:
		return "", err
	case answer.StatusCode == http.StatusGatewayTimeout:
		return "", service.ErrTimeout
	case answer.StatusCode != http.StatusOK:
		return "", fmt.Errorf("%d %s", answer.StatusCode, body)
	}
	return string(body), nil
}

// endedBy says that the one end of a request was this.
func (e *entry) endedBy(err error) bool { return len(e.ended) == 1 && errors.Is(e.ended[0], err) }
