package service

import (
	"context"
	"net/http"

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
	buf := getBuffer()
	defer putBuffer(buf)
	frame, err := wire.Append((*buf)[:0], f)
	if err != nil {
		return false // relay says why
	}
	*buf = frame
	s.work.over(j)
	j.app.final(j, frame)
	return true
}

// relay asks the next service by the client of this instance, in the name of the app that asked.
func (s *Server) relay(ctx context.Context, r *handler.Request, service, path string) (*handler.Response, error) {
	if s.opts.relay == nil {
		return nil, &handler.Error{
			Status: http.StatusBadGateway, Reason: "the service forwards to one that its app does not hold",
			Err: failure(ErrUnknownService, "a forward to %s; give the instance a client (WithClient), or register the service at the app", service),
		}
	}
	next := r.Clone()
	if path != "" {
		next.Path = path
	}
	return handler.Run(ctx, handler.Func(func(context.Context, *handler.Request) (*handler.Response, error) {
		reply, err := s.opts.relay.Call(handler.NewContext(ctx, r), service, next, inNameOf(r.From()))
		if err != nil {
			return nil, err
		}
		return reply.Response, nil
	}), next)
}

// inNameOf keeps the app that asked as the one whom a request is from.
func inNameOf(app string) CallOption { return oneCall(func(o *callOptions) { o.from = app }) }
