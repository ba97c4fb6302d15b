package web

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"quartet/handler"
)

// MaxBuffered bounds the bytes of request bodies over 64 KiB that one Offload handler holds at a time, from their first
// byte until the answer is written. What is more is answered with 503.
const MaxBuffered = 64 << 20

// freeBody is how much of a body does not count.
const freeBody = 64 << 10

// metered counts what a body takes of MaxBuffered.
type metered struct {
	io.Reader
	held *atomic.Int64
	own  int64
}

var errBusy error = &handler.Error{
	Status: http.StatusServiceUnavailable, Reason: "too many large requests are under way",
	Header: map[string][]string{"retry-after": {"1"}},
}

var errChanged error = &handler.Error{Status: http.StatusInternalServerError, Reason: "the body was read, or changed, before it could be sent"}

// read reads a whole body of at most limit bytes.
func (m *metered) read(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		return nil, unread(w, tooLarge(int64(limit)))
	}
	if (r.Body == nil || r.Body == http.NoBody) && r.ContentLength <= 0 {
		return nil, nil
	}
	if r.Body == nil {
		return nil, errChanged
	}
	m.Reader = http.MaxBytesReader(w, r.Body, int64(limit))
	body, err := m.all(r.ContentLength, int64(limit))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, unread(w, tooLarge(long.Limit)) // perhaps that of a middleware
	case err == errBusy:
		return nil, unread(w, errBusy)
	case err != nil && r.Context().Err() != nil:
		return nil, r.Context().Err()
	case err != nil:
		return nil, &handler.Error{Status: http.StatusBadRequest, Reason: "the body cannot be read", Err: err}
	case len(r.Trailer) > 0: // some are not announced
		return nil, notImplemented("trailers do not go through a service")
	case r.ContentLength > 0 && int64(len(body)) != r.ContentLength: // net/http sees to it, unless something came between
		return nil, errChanged
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return handler.Errorf(http.StatusRequestEntityTooLarge, "a body of more than %d bytes does not go through the service", limit)
}

// unread has net/http answer at once, and not read the rest of the body before.
func unread(w http.ResponseWriter, err error) error {
	w.Header().Set("Connection", "close")
	return err
}

// all reads to the end, or to the error that comes after limit bytes. What a client says of the length is believed up to
// freeBody, and from then on only so far that the body gets no more room.
func (m *metered) all(length, limit int64) ([]byte, error) {
	end := limit + 1 // the end of a body is seen where there is room for one byte more
	size := int64(512)
	if length >= 0 {
		end = min(end, length+1)
		size = min(end, freeBody)
	}
	body := make([]byte, 0, size)
	for {
		n, err := m.Reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		if size == end { // longer than was said: something has changed it on the way
			end = limit + 1
		}
		if size *= 2; size >= end-1 {
			size = end
		}
		if !m.take(size) {
			return nil, errBusy
		}
		grown := make([]byte, len(body), size)
		copy(grown, body)
		body = grown
	}
}

// take notes that the body takes n bytes.
func (m *metered) take(n int64) bool {
	if n <= freeBody {
		return true
	}
	more := n - m.own
	if m.held.Add(more) > MaxBuffered {
		m.held.Add(-more)
		return false
	}
	m.own = n
	return true
}

func (m *metered) release() { m.held.Add(-m.own) }
