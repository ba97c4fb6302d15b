package trio_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// site is where pages are asked for.
type site string

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// page is what came back; status 0 means that nothing did.
type page struct {
	status int
	body   string
	at     time.Time // when it came
	took   time.Duration
}

func (s site) get(path string) page {
	began := time.Now()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, string(s)+path, nil)
	if err != nil {
		return page{body: err.Error()}
	}
	r.Header.Set("Accept", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return page{body: err.Error(), at: time.Now(), took: time.Since(began)}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return page{body: err.Error(), at: time.Now(), took: time.Since(began)}
	}
	return page{answer.StatusCode, string(body), time.Now(), time.Since(began)}
}

// ask gets n pages at once, in the background.
func (s site) ask(n int, path string) <-chan page {
	pages := make(chan page, n)
	for range n {
		go func() { pages <- s.get(path) }()
	}
	return pages
}

// load asks for pages all the time, from a few callers, until it is ended.
type load struct {
	stop    chan struct{}
	callers sync.WaitGroup
	mu      sync.Mutex
	pages   []page
}

func (s site) load(callers int, path string) *load {
	l := &load{stop: make(chan struct{})}
	for range callers {
		l.callers.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
				}
				p := s.get(path)
				l.mu.Lock()
				l.pages = append(l.pages, p)
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pages)
}

// end returns what came of it.
func (l *load) end() []page {
	close(l.stop)
	l.callers.Wait()
	return l.pages
}
