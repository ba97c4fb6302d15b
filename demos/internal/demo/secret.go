package demo

import (
	"fmt"
	"log/slog"
	"os"

	"quartet/service"
)

// wellKnown is in every copy of the source: good for a demo on one machine, and for nothing else.
const wellKnown = "my_shared_secret"

// Secret finds what app and service share: in the file, else in QUARTET_SECRET, else the well-known one, with a warning.
func Secret(file string, log *slog.Logger) (service.Secret, error) {
	if file != "" {
		secret, err := service.ReadSecret(file)
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
	log.Warn("using the demo's well-known secret: anyone can join; give -secret-file or QUARTET_SECRET")
	return service.ParseSecret([]byte(wellKnown))
}
