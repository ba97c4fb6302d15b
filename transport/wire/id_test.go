package wire

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"
)

func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a, b := NewIDSource(), NewIDSource()
	made := make(chan ID, 8*200)
	var wg sync.WaitGroup
	for i := range 8 {
		source := []*IDSource{a, b}[i%2]
		wg.Go(func() {
			for range 200 {
				made <- source.Next()
			}
		})
	}
	wg.Wait()
	close(made)
	seen := map[ID]bool{}
	for id := range made {
		is.True(!seen[id]) // no id is made twice
		seen[id] = true
	}
	begin := func(s *IDSource) string { return s.Next().String()[:16] }
	is.Equal(begin(a), begin(a))  // ids of a source begin the same
	is.True(begin(a) != begin(b)) // and those of another differently
}

func TestParseID(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	id := NewIDSource().Next()
	got, err := ParseID(id.String())
	is.NoErr(err)     // what String returns can be read
	is.Equal(got, id) // and is the id
	for _, bad := range []string{"", id.String()[1:], id.String() + "0", strings.Repeat("x", 32), strings.Repeat("A", 32)} {
		_, err := ParseID(bad)
		is.True(errors.Is(err, ErrInvalid)) // nothing else is
	}
}
