package wire

import "time"

func (c *cursor) micros(field string) time.Duration {
	return time.Duration(c.uint(field, uint64(MaxElapsed/time.Microsecond))) * time.Microsecond
}

// header reads a header. Its values share one slice where each name has one value.
func (c *cursor) header() map[string][]string {
	n := c.count("header", classMap, MaxHeaderNames)
	if n == 0 {
		return nil
	}
	h := make(map[string][]string, n)
	values := make([]string, 0, n)
	left := MaxHeaderValues
	for range n {
		name := c.str("header")
		k := c.count("header", classArray, left)
		left -= k
		if cap(values)-len(values) < k {
			values = make([]string, 0, k)
		}
		from := len(values)
		for range k {
			values = append(values, c.str("header"))
		}
		h[name] = values[from:len(values):len(values)]
	}
	return h
}

func (c *cursor) args() map[string]string {
	n := c.count("args", classMap, MaxArgs)
	if n == 0 {
		return nil
	}
	args := make(map[string]string, n)
	for range n {
		name := c.str("args")
		args[name] = c.str("args")
	}
	return args
}

func (c *cursor) strs(field string, most int) []string {
	n := c.count(field, classArray, most)
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, c.str(field))
	}
	return list
}

// routes reads routes, of which nil (not told) and none are different.
func (c *cursor) routes() []Route {
	if c.null() {
		return nil
	}
	n := c.count("routes", classArray, MaxRoutes)
	routes := make([]Route, 0, n)
	for range n {
		more := c.tuple("routes", 2)
		routes = append(routes, Route{Method: c.str("routes"), Pattern: c.str("routes")})
		c.skip(more)
	}
	return routes
}

// decodeError adds to err what can still be read of the frame.
func decodeError(frame []byte, err error) error {
	d := &DecodeError{Err: err}
	d.Kind, d.ID, d.HasID = peek(frame)
	return d
}

// peek reads kind and id of a message that may break off or break any rule
// after them. Kinds of a version or a number unknown here have no known layout.
func peek(frame []byte) (k Kind, id ID, ok bool) {
	t, i, ok := peekValue(frame, 0, classArray)
	if !ok || t.n < 2 {
		return 0, id, false
	}
	_, i, ok = peekValue(frame, i, classInt)
	if !ok {
		return 0, id, false
	}
	at := i
	if v, _ := integer(frame, t.size); v < MinVersion || v > Version {
		return 0, id, false
	}
	if _, i, ok = peekValue(frame, i, classInt); !ok {
		return 0, id, false
	}
	v, _ := integer(frame, at)
	if v == 0 || v >= uint64(len(shapes)) {
		return 0, id, false
	}
	k = Kind(v)
	if k > KindCancel || t.n < 3 {
		return k, id, false
	}
	t, end, ok := peekValue(frame, i, classBin)
	if !ok || int(t.n) != len(id) {
		return k, id, false
	}
	copy(id[:], frame[i+t.size:end])
	return k, id, true
}

// peekValue returns the head of the value at i, which must be of class want
// and inside b, and where it ends; for a container, where its head does.
func peekValue(b []byte, i int, want class) (token, int, bool) {
	t, ok := head(b, i)
	if !ok || t.class != want || !t.container() && uint64(t.n) > uint64(len(b)-i-t.size) {
		return t, 0, false
	}
	return t, t.end(i), true
}
