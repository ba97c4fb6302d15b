package wire

import "fmt"

// cursor reads typed values from an input that the scan has accepted, so every
// head and payload is in bounds. The first error sticks: what is read after it
// is zero, and counts are zero, too, so that loops end.
type cursor struct {
	b    []byte
	text string // a copy of b up to the body: strings are parts of it, in one allocation
	i    int
	err  error
}

func (c *cursor) fail(field, problem string, err error) {
	if c.err == nil {
		c.err = malformed(c.i, &FieldError{Field: field, Problem: problem, Err: err})
	}
}

// next moves over the head of the next value, which must be of class want.
func (c *cursor) next(field string, want class) (t token, at int, ok bool) {
	if c.err != nil {
		return t, 0, false
	}
	t, _ = head(c.b, c.i)
	if t.class != want {
		c.fail(field, "must be "+want.String(), ErrType)
		return t, 0, false
	}
	at, c.i = c.i, c.i+t.size
	return t, at, true
}

// null moves over a nil and reports whether there was one.
func (c *cursor) null() bool {
	if c.err == nil && c.b[c.i] == 0xc0 {
		c.i++
		return true
	}
	return false
}

func (c *cursor) uint(field string, most uint64) uint64 {
	t, at, ok := c.next(field, classInt)
	if !ok {
		return 0
	}
	v, negative := integer(c.b, at)
	if negative || v > most {
		c.i = at
		c.fail(field, fmt.Sprintf("must be 0 to %d", most), ErrInvalid)
		return 0
	}
	c.i += int(t.n)
	return v
}

func (c *cursor) int(field string) int64 {
	t, at, ok := c.next(field, classInt)
	if !ok {
		return 0
	}
	v, negative := integer(c.b, at)
	if !negative && int64(v) < 0 {
		c.i = at
		c.fail(field, "must fit 64 bits with a sign", ErrInvalid)
		return 0
	}
	c.i += int(t.n)
	return int64(v)
}

func (c *cursor) str(field string) string {
	t, _, ok := c.next(field, classStr)
	if !ok {
		return ""
	}
	c.i += int(t.n)
	return c.text[c.i-int(t.n) : c.i]
}

// bin returns a part of the input that cannot be appended to; nil when empty.
func (c *cursor) bin(field string) []byte {
	if c.null() {
		return nil
	}
	t, _, ok := c.next(field, classBin)
	if !ok || t.n == 0 {
		return nil
	}
	c.i += int(t.n)
	return c.b[c.i-int(t.n) : c.i : c.i]
}

func (c *cursor) id() (id ID) {
	at := c.i
	if b := c.bin("id"); copy(id[:], b) < len(id) || len(b) > len(id) {
		c.i = at
		c.fail("id", "must have 16 bytes", ErrInvalid)
	}
	return id
}

// count returns the elements of an array or the entries of a map, of which nil
// is an empty one.
func (c *cursor) count(field string, want class, most int) int {
	if c.null() {
		return 0
	}
	t, at, ok := c.next(field, want)
	if !ok {
		return 0
	}
	if uint64(t.n) > uint64(most) {
		c.i = at
		c.fail(field, fmt.Sprintf("has %d, at most %d are allowed", t.n, most), ErrTooLarge)
		return 0
	}
	return int(t.n)
}

// tuple enters an array of at least n elements and returns how many more it has.
func (c *cursor) tuple(field string, n int) (more int) {
	t, at, ok := c.next(field, classArray)
	if ok && uint64(t.n) < uint64(n) {
		c.i = at
		c.fail(field, fmt.Sprintf("must have %d elements", n), ErrInvalid)
		return 0
	}
	return max(0, int(t.n)-n)
}

// skip moves over n values.
func (c *cursor) skip(n int) {
	for ; n > 0 && c.err == nil; n-- {
		t, _ := head(c.b, c.i)
		switch t.class {
		case classArray:
			n += int(t.n)
		case classMap:
			n += 2 * int(t.n)
		}
		c.i = t.end(c.i)
	}
}

// String names the class for people.
func (c class) String() string {
	return [...]string{"no msgpack", "nil", "a bool", "an integer", "a float", "a str", "a bin", "an extension", "an array", "a map"}[c]
}
