package demos_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// visitor asks for pages. Each request has a connection of its own, as a load balancer's probe would.
type visitor struct{ base string }

var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// page is what came back; Status 0 means that nothing did.
type page struct {
	Status      int
	ContentType string
	RetryAfter  string
	Body        string
	JSON        struct {
		Call, Text, ID, Error, Reason string
	}
	Took time.Duration
}

func (v visitor) get(path, accept string) page {
	start := time.Now()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, v.base+path, nil)
	if err != nil {
		return page{Body: err.Error()}
	}
	r.Header.Set("Accept", accept)
	answer, err := direct.Do(r)
	if err != nil {
		return page{Body: err.Error()}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return page{Body: err.Error()}
	}
	p := page{Status: answer.StatusCode, ContentType: answer.Header.Get("Content-Type"),
		RetryAfter: answer.Header.Get("Retry-After"), Body: string(body), Took: time.Since(start)}
	if p.ContentType == "application/json" {
		_ = json.Unmarshal(body, &p.JSON) // a body that is no JSON leaves it empty, and the test sees that
	}
	return p
}

func (v visitor) json(path string) page { return v.get(path, "application/json") }

// await asks until the page has the status.
func (v visitor) await(t *testing.T, path string, status int) {
	t.Helper()
	var last page
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(patience); time.Now().Before(late); <-tick.C {
		if last = v.get(path, ""); last.Status == status {
			return
		}
	}
	t.Fatalf("%s never had status %d; the last was %d %s", path, status, last.Status, last.Body)
}
