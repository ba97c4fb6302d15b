package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"quartet/demos/internal/children"
	"quartet/demos/internal/page"
	"quartet/handler"
	"quartet/service"
)

// outcome is the page, as HTML and as JSON.
type outcome struct {
	page.Head `json:"-"`
	Answered  int           `json:"answered"`
	Failed    int           `json:"failed"`
	Deadline  page.Duration `json:"deadline_ms"` // of each part
	Took      page.Duration `json:"took_ms"`     // the whole
	Slowest   page.Duration `json:"slowest_ms"`  // part
	Sum       page.Duration `json:"sum_ms"`      // what the parts would take one after the other
	Parts     []result      `json:"parts"`
}

// Limit is the deadline as the visitor wrote it.
func (o outcome) Limit() time.Duration { return time.Duration(o.Deadline) }

// result is a part: its text, or what went wrong instead.
type result struct {
	Name   string        `json:"name"`
	Status int           `json:"status"`
	Text   string        `json:"text,omitempty"`
	Error  string        `json:"error,omitempty"`
	PID    int           `json:"pid,omitempty"` // of the service, 0 while there is none
	Took   page.Duration `json:"took_ms"`
}

// askAll asks for all parts at once and waits for all. What becomes of one is no reason to give up the others, so their
// errors stay with them.
func (s *shop) askAll(ctx context.Context, deadline time.Duration) outcome {
	began := time.Now()
	results := make([]result, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() { results[i] = s.ask(ctx, p.name, deadline) })
	}
	all.Wait()
	out := outcome{Deadline: page.Duration(deadline), Took: page.Duration(time.Since(began)), Parts: results}
	for _, r := range results {
		out.Slowest, out.Sum = max(out.Slowest, r.Took), out.Sum+r.Took
		if r.Error == "" {
			out.Answered++
		} else {
			out.Failed++
		}
	}
	return out
}

// ask asks for one part.
func (s *shop) ask(ctx context.Context, name string, deadline time.Duration) result {
	began := time.Now()
	answer, err := service.Invoke[content](ctx, s, name, path, nil,
		service.WithMethod(handler.MethodGet), service.WithTimeout(deadline))
	r := result{Name: name, Status: 200, Text: answer.Text, PID: answer.PID, Took: page.Duration(time.Since(began))}
	if err != nil {
		state := s.services.State(name)
		r.PID, r.Status, r.Error = state.PID, handler.ErrorResponse(err).Code(), explain(err, deadline, state)
	}
	return r
}

// explain says in a visitor's words what went wrong, and whether it will mend.
func explain(err error, deadline time.Duration, state children.State) string {
	switch {
	case errors.Is(err, service.ErrTimeout):
		return fmt.Sprintf("no answer within %v", deadline)
	case errors.Is(err, service.ErrLost):
		return "lost: its process ended while it worked on this"
	case !errors.Is(err, service.ErrUnavailable):
		return handler.ErrorResponse(err).Reason
	case state.PID != 0:
		return "not there: its process runs, but is not connected"
	case state.Ended != "":
		left := max(time.Until(state.Again), 0).Round(100 * time.Millisecond)
		return fmt.Sprintf("not there: its process ended (%s), and is started again in %v", state.Ended, left)
	default:
		return "not there: its process was not started yet"
	}
}
