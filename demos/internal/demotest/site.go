package demotest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Site is where pages are asked for.
type Site struct {
	URL string // without a slash at the end

	t *testing.T
}

// Answer is what came back; Status 0 means that nothing did.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Each request has a connection of its own, so that none is left over.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Ask asks for JSON, and reads it into a value, unless that is nil.
func (s Site) Ask(method, path string, into any) Answer {
	a := s.Do(method, path, "application/json")
	if into != nil {
		if err := json.Unmarshal([]byte(a.Body), into); err != nil {
			s.t.Errorf("%s %s: %d %q: %v", method, path, a.Status, a.Body, err)
		}
	}
	return a
}

// Do asks for what Accept says.
func (s Site) Do(method, path, accept string) Answer {
	r, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, nil)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	r.Header.Set("Accept", accept)
	answer, err := client.Do(r)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Answer{Body: err.Error()}
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(body)}
}
