package demo

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
)

// Logger writes to w: in colour where that is a terminal, else as key=value lines.
func Logger(program string, w io.Writer) *slog.Logger {
	if isTerminal(w) {
		return slog.New(tint.NewTextHandler(w, &tint.Options{TimeFormat: time.TimeOnly})).With("from", program)
	}
	return slog.New(slog.NewTextHandler(w, nil)).With("from", program)
}

// isTerminal is right often enough for colours: /dev/null counts as one, and nobody sees them there. NO_COLOR is the
// common wish for none.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
