package wire

import "math"

// Scan reports whether b holds exactly one msgpack value that is safe to
// decode. It walks b once, without recursion and without allocating, and
// refuses
//
//   - claimed lengths that exceed the bytes left (ErrTruncated),
//   - more than MaxDepth open containers or MaxElements values,
//   - a key that a map has twice, however it is written: 1 and 1.0 are the same
//     key, and so are a str and a bin of the same bytes (ErrDuplicateKey),
//   - keys that are nil, arrays or maps (ErrKey),
//   - extension types other than timestamps in their three standard forms
//     (ErrExtension), the code 0xc1 (ErrCode), and bytes after the value.
//
// All errors are of the ErrMalformed family. The cost of a refusal is bounded
// by the limits, not by what the input claims.
func Scan(b []byte) error {
	var s scanner
	return s.scan(b)
}

// scanner is the state of one scan. It lives on the caller's stack.
type scanner struct {
	b      []byte
	strict bool // an envelope: small maps with keys that are str, no extensions
	budget int  // values that may still be claimed
	wide   int  // timestamps that Unmarshal has to rewrite, see widen
	depth  int
	stack  [MaxDepth + 1]open // [0] stands for the whole input
	starts [16]uint32         // where the first elements of the outermost container start
	keys   keys
}

// open is a container whose elements are being read.
type open struct {
	n     uint32 // values in it, keys included
	left  uint32 // of which to come; in a map an even number means that a key is next
	isMap bool
	mark  int // of keys, to return to when it closes
	seen  keySet
}

func (s *scanner) scan(b []byte) error {
	if uint64(len(b)) > math.MaxUint32 {
		return malformed(0, ErrTooLarge)
	}
	s.b, s.budget = b, MaxElements-1
	s.stack[0].left = 1
	defer s.keys.free()

	i := 0
	for s.depth >= 0 {
		f := &s.stack[s.depth]
		if f.left == 0 {
			s.keys.used = f.mark
			s.depth--
			continue
		}
		var err error
		if i, err = s.value(f, i); err != nil {
			return err
		}
	}
	if i < len(b) {
		return malformed(i, ErrTrailing)
	}
	return nil
}

// value reads the next value of f, which is at i, and returns where it ends.
func (s *scanner) value(f *open, i int) (int, error) {
	t, ok := head(s.b, i)
	if !ok {
		return i, malformed(len(s.b), ErrTruncated)
	}
	if s.depth == 1 {
		s.start(f, i)
	}
	if t.container() {
		if f.isMap && f.left%2 == 0 {
			return i, malformed(i, ErrKey)
		}
		f.left--
		return i + t.size, s.open(t, i)
	}
	if err := s.scalar(t, i); err != nil {
		return i, err
	}
	if f.isMap && f.left%2 == 0 {
		if err := s.key(f, t, i); err != nil {
			return i, err
		}
	}
	f.left--
	return t.end(i), nil
}

// start remembers where an element of the outermost container starts.
func (s *scanner) start(f *open, i int) {
	if k := int(f.n - f.left); k < len(s.starts) {
		s.starts[k] = uint32(i)
	}
}

// open enters the container at i. The budget is charged with what it claims,
// so the claims of a whole input never exceed MaxElements.
func (s *scanner) open(t token, i int) error {
	n := int64(t.n)
	if t.class == classMap {
		n *= 2
	}
	switch {
	case n > int64(len(s.b)-i-t.size): // a value has at least one byte
		return malformed(i, ErrTruncated)
	case n > int64(s.budget):
		return malformed(i, ErrTooManyElements)
	case s.strict && t.class == classMap && t.n > MaxArgs: // no map of a message may have more
		return malformed(i, ErrTooLarge)
	case s.depth == MaxDepth:
		return malformed(i, ErrTooDeep)
	}
	s.budget -= int(n)
	s.depth++
	f := &s.stack[s.depth]
	*f = open{n: uint32(n), left: uint32(n), isMap: t.class == classMap, mark: s.keys.used}
	if f.isMap {
		f.seen = s.keys.set(int(t.n))
	}
	return nil
}

// scalar checks a value that is no container.
func (s *scanner) scalar(t token, i int) error {
	if t.class == classBad {
		return malformed(i, ErrCode)
	}
	if uint64(t.n) > uint64(len(s.b)-i-t.size) {
		return malformed(i, ErrTruncated)
	}
	if t.class != classExt {
		return nil
	}
	if s.strict || !timestamp(s.b, i, t) {
		return malformed(i, ErrExtension)
	}
	if mapLike(s.b[i+t.size]) {
		s.wide++
	}
	return nil
}

// key checks the key at i and adds it to those of its map.
func (s *scanner) key(f *open, t token, i int) error {
	if t.class == classNil || s.strict && t.class != classStr {
		return malformed(i, ErrKey)
	}
	if !s.keys.add(&f.seen, s.b, t, i) {
		return malformed(i, ErrDuplicateKey)
	}
	return nil
}
