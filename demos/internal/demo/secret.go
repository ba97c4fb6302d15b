package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"quartet/service"
)

// wellKnown is in every copy of the source: good for a demo on one machine, and for nothing else.
const wellKnown = "my_shared_secret"

// Secret finds what app and service share: in the file, else in QUARTET_SECRET, else the well-known one, with a warning.
// Wherever it comes from, the well-known one is refused where other hosts can reach the addresses.
func (m *Mesh) Secret(log *slog.Logger) (service.Secret, error) {
	secret, err := m.find(log)
	if err != nil {
		return service.Secret{}, err
	}
	return secret, m.refuseWellKnown(secret)
}

func (m *Mesh) find(log *slog.Logger) (service.Secret, error) {
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
	if m.loopback() {
		log.Warn("using the demo's well-known secret: anyone can join; give -secret-file or QUARTET_SECRET")
	}
	return service.ParseSecret([]byte(wellKnown))
}

// loopback says whether no other host can reach any address.
func (m *Mesh) loopback() bool {
	return !slices.ContainsFunc(append([]service.Addr{m.Addr}, m.Also...), func(a service.Addr) bool { return !a.Loopback() })
}

func (m *Mesh) refuseWellKnown(secret service.Secret) error {
	if m.loopback() {
		return nil
	}
	known, err := service.ParseSecret([]byte(wellKnown))
	if err == nil && secret.Shares(known) {
		err = errors.New("the well-known secret of the demos is for this machine only: " +
			"give another in -secret-file or QUARTET_SECRET, or addresses on loopback")
	}
	return err
}

// WatchSecret is the actor that puts a secret in force when its file has changed.
func (m *Mesh) WatchSecret(set func(service.Secret), log *slog.Logger) (execute func() error, interrupt func(error)) {
	ctx, cancel := context.WithCancel(context.Background())
	return func() error {
		if m.SecretFile == "" {
			<-ctx.Done()
			return ctx.Err()
		}
		return service.WatchSecret(ctx, m.SecretFile, func(s service.Secret) {
			if err := m.refuseWellKnown(s); err != nil {
				log.Error("the secret stays as it was", "cause", err.Error())
				return
			}
			set(s)
		}, log)
	}, func(error) { cancel() }
}
