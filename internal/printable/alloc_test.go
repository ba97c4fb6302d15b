//go:build !race

package printable_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/internal/printable"
)

func TestAllocEscape(t *testing.T) {
	is := is.New(t)
	plain := strings.Repeat("/reports/Zürich", 20)
	is.Equal(testing.AllocsPerRun(100, func() { printable.Escape(plain) }), 0.0)    // nothing to escape
	is.Equal(testing.AllocsPerRun(100, func() { printable.Cut(plain, 1024) }), 0.0) // nor to cut
	long := strings.Repeat("x", 1<<20)
	is.Equal(testing.AllocsPerRun(100, func() { printable.Cut(long, 1024) }), 2.0) // what is kept, and the string of it
}
