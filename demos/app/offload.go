package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"quartet/demos/internal/site"
	"quartet/demos/internal/slow"
	"quartet/handler"
	"quartet/service"
)

// offload leaves the work of the pages to the service. It embeds the client's interface, so that a test needs no mesh.
type offload struct{ service.Caller }

// Sync waits for the service's answer.
func (o offload) Sync(ctx context.Context, delay time.Duration) (string, error) {
	reply, err := o.Call(ctx, slow.Service, request(delay, slow.SyncText), service.WithTimeout(slow.Deadline(delay)))
	if err != nil {
		return "", err
	}
	return reply.Text(), reply.AsError()
}

// Async returns as soon as the request is handed over; the answer goes to the response handler.
func (o offload) Async(ctx context.Context, delay time.Duration) (id string, err error) {
	r := request(delay, slow.AsyncText)
	r.Args[callArg] = rand.Text()
	_, err = o.Send(ctx, slow.Service, r, service.WithDeadline(slow.Deadline(delay)))
	return r.Args[callArg], err
}

// callArg names a call towards the browser, so that its script can tell which answer belongs to which click.
const callArg = "call"

func request(delay time.Duration, text string) *handler.Request {
	r := &handler.Request{Path: slow.Path, Method: handler.MethodRequest, Args: map[string]string{}, Body: []byte(text)}
	r.SetHeader("content-type", "text/plain; charset=utf-8")
	if delay != slow.Own {
		r.Args["delay"] = delay.String()
	}
	return r
}

// responses are the response handlers: here the answers of the service arrive, after a sync call before its page goes
// on, after an async call whenever they come. The home page shows the latter.
func responses(receipts *site.Receipts, log *slog.Logger) handler.Handler {
	var mux handler.Mux
	mux.Method(handler.MethodResponse, slow.Path, handler.Func(func(_ context.Context, r *handler.Request) (*handler.Response, error) {
		text := r.Answer.Text()
		if r.Answer.AsError() != nil {
			text = r.Answer.Reason
		}
		log.Info("response", "path", r.Path, "METHOD", r.Method, "status", r.Answer.Code(), "text", text)
		if id := r.Arg(callArg, ""); id != "" {
			receipts.Add(site.Receipt{
				ID: id, Path: r.Path, Method: r.Method, Status: r.Answer.Code(), Text: text, At: time.Now(),
			})
		}
		return r.Answer, nil
	}))
	return &mux
}
