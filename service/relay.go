package service

import (
	"context"
	"errors"
	"time"

	"quartet/handler"
	"quartet/transport/wire"
)

// handOver gives a request back to the app, which sends it on to the service that the forward names; false if the app
// cannot.
func (s *Server) handOver(j *job, f *wire.Forward) bool {
	if !j.app.holds(f.Service) || len(f.Body) > s.opts.maxBody {
		return false
	}
	f.ID = j.req.ID
	e, err := encode(f)
	if err != nil {
		return false // relay says why
	}
	defer e.free()
	s.work.over(j)
	j.app.final(j, e)
	return true
}

// relay asks the next service by the client of this instance, in the name of the app that asked.
func (s *Server) relay(ctx context.Context, r *handler.Request, service, path string) (*handler.Response, error) {
	if s.opts.relay == nil {
		return nil, s.notHandedOver(r.ForwardToWire(service, path))
	}
	next := r.Clone()
	if path != "" {
		next.Path = path
	}
	return handler.Run(ctx, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		reply, err := s.opts.relay.Call(handler.NewContext(ctx, r), service, next, inNameOf(r.From()), whileLasts(ctx))
		switch {
		case errors.Is(err, ErrUnknownService):
			return nil, notForwarded("the service forwards to one that neither its app nor itself holds", "a forward to %s", service)
		case err != nil:
			return nil, err
		}
		return reply.Response, nil
	}), next)
}

// notHandedOver says why there is no forward for the app, and nobody else to turn to.
func (s *Server) notHandedOver(f *wire.Forward) error {
	if len(f.Body) > s.opts.maxBody {
		return failure(ErrTooLarge, "a forwarded body of %d bytes, the limit is %d", len(f.Body), s.opts.maxBody)
	}
	if _, err := wire.Append(nil, f); err != nil {
		return refuse(err)
	}
	return notForwarded("the service forwards to one that its app does not hold",
		"a forward to %s; give the instance a client (WithClient), or register the service at the app", f.Service)
}

// inNameOf keeps the app that asked as the one whom a request is from.
func inNameOf(app string) CallOption { return oneCall(func(o *callOptions) { o.from = app }) }

// whileLasts gives a call all the time of its context, whatever time limit its client has.
func whileLasts(ctx context.Context) TimeOption {
	limit := wire.MaxLeft
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline) + time.Second // the deadline itself is the context's to keep
	}
	return WithTimeout(limit)
}
