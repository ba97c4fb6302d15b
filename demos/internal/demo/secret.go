package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"quartet/service"
)

// wellKnown is in every copy of the source: good for a demo on one machine, and for nothing else.
const wellKnown = "my_shared_secret"

// Secret finds what app and service share: in the file, else in QUARTET_SECRET, else the well-known one, with a warning
// and only where nobody else can reach it.
func (m *Mesh) Secret(log *slog.Logger) (service.Secret, error) {
	if m.SecretFile != "" {
		secret, err := service.ReadSecret(m.SecretFile)
		if err != nil {
			return secret, fmt.Errorf("-secret-file: %w", err)
		}
		return secret, nil
	}
	if text := os.Getenv("QUARTET_SECRET"); text != "" {
		secret, err := service.ParseSecret([]byte(text))
		if err != nil {
			return secret, fmt.Errorf("QUARTET_SECRET: %w", err)
		}
		return secret, nil
	}
	if !m.Addr.Loopback() {
		return service.Secret{}, errors.New("the well-known secret of the demos is for this machine only: " +
			"give -secret-file or QUARTET_SECRET, or addresses on loopback")
	}
	log.Warn("using the demo's well-known secret: anyone can join; give -secret-file or QUARTET_SECRET")
	return service.ParseSecret([]byte(wellKnown))
}

// WatchSecret is the actor that puts a secret in force when its file has changed.
func (m *Mesh) WatchSecret(set func(service.Secret), log *slog.Logger) (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error {
		if m.SecretFile == "" {
			<-ctx.Done()
			return ctx.Err()
		}
		return service.WatchSecret(ctx, m.SecretFile, set, log)
	}, func(error) { cancel() }
}
