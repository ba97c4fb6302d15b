package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quartet/handler"
	"quartet/service"
)

// The services. The client binds the addresses of one, on ipc, and the instances of the other theirs, on tcp.
const (
	ours   = "ours"
	theirs = "theirs"

	ourSlots, theirSlots = 4, 3 // the first of each never leaves

	path      = "/soak"
	numberArg = "n"

	limit = 10 * time.Second // for what must happen
)

// slot is an instance that leaves and comes back.
type slot struct {
	name    string
	addr    service.Addr
	handler handler.Handler
	secret  service.Secret
	server  *service.Server
	served  chan error
}

// join starts the instance and waits until the client is there, or until it listens if that is to come later.
func (s *slot) join(listen bool) error {
	s.server = service.NewServer(s.name, s.handler, service.WithSecret(s.secret))
	s.served = make(chan error, 1)
	go func() { s.served <- s.server.Serve(s.addr) }()
	return s.await(func() bool {
		if listen {
			return len(s.server.Addrs()) == 1
		}
		return s.server.Stats().Apps > 0
	})
}

// await polls until something holds.
func (s *slot) await(what func() bool) error {
	for end := time.Now().Add(limit); !what(); {
		select {
		case err := <-s.served:
			return fmt.Errorf("an instance of %s: %w", s.name, err)
		case <-time.After(2 * time.Millisecond):
			if time.Now().After(end) {
				return fmt.Errorf("an instance of %s: nobody came within %v", s.name, limit)
			}
		}
	}
	return nil
}

// leave ends the instance: it drains, or is cut off with what it does.
func (s *slot) leave(cut bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	end := s.server.Shutdown
	if cut {
		end = func(context.Context) error { return s.server.Close() }
	}
	err := end(ctx)
	if served := <-s.served; err == nil && !errors.Is(served, service.ErrClosed) {
		err = served
	}
	return err
}
