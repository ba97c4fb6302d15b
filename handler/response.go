package handler

import (
	"net/http"

	"quartet/transport/wire"
)

// Response answers a Request. Its zero value says 200 with an empty body.
type Response struct {
	// Status is one of HTTP's, 100 to 599; 0 means 200.
	Status int
	// Reason says in a few words why, for people. Empty is fine.
	Reason string
	// Method chooses the response handler in the app that asked; empty means MethodResponse.
	Method string
	// Header holds metadata by name, in lower case.
	Header map[string][]string
	// Body is opaque to everything but Bind: msgpack where the header content-type is absent. It is not written to
	// once the response was returned.
	Body []byte
	// Err is set where the response was made in this process because none came: lost, timeout and their like. It
	// never travels.
	Err error

	forward *forward
}

// Text returns a response whose body is s, as text/plain in UTF-8.
func Text(s string) *Response {
	return &Response{Header: map[string][]string{contentType: {"text/plain; charset=utf-8"}}, Body: []byte(s)}
}

// JSON returns a response whose body is v in JSON. The error says that v cannot be encoded; a handler may return both
// results as they are, and the caller sees 500.
func JSON(v any) (*Response, error) {
	body, err := encodeJSON(v)
	if err != nil {
		return nil, err
	}
	return &Response{Header: map[string][]string{contentType: {typeJSON}}, Body: body}, nil
}

// Value returns a response whose body is v in msgpack, the encoding that services speak among themselves and that
// needs no content-type. The error says that v cannot be encoded.
func Value(v any) (*Response, error) {
	body, err := wire.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &Response{Body: body}, nil
}

// Code returns the status, 200 where Status is 0.
func (r *Response) Code() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

// HeaderValue returns the first value of the header of that lower-case name, or "".
func (r *Response) HeaderValue(name string) string { return first(r.Header, name) }

// SetHeader sets the header of that lower-case name to one value.
func (r *Response) SetHeader(name, value string) { r.Header = set(r.Header, name, value) }

// Text returns the body as a string, whatever its content-type. Bind is for a string in msgpack or JSON.
func (r *Response) Text() string { return string(r.Body) }

// Bind decodes the body into v, a pointer: msgpack where the header content-type is absent, or JSON as that header
// says; text into a *string or *[]byte. A content-encoding of gzip is undone first, up to MaxInflated bytes. An empty
// body leaves v as it is, and the status does not matter: see AsError. The error is an *Error with status 502, because
// the one who answered is to blame. v holds no reference to Body afterwards.
func (r *Response) Bind(v any) error { return bindAnswer(r.Header, r.Body, v) }

func bindAnswer(header map[string][]string, body []byte, v any) error {
	body, err := decompress(header[contentEncoding], body)
	if err == nil {
		err = decode(header, body, v)
	}
	if err == nil {
		return nil
	}
	return &Error{Status: http.StatusBadGateway, Reason: "the response cannot be read", Err: err}
}

// AsError returns nil for a status below 400, else the response as an *Error. That is Remote, unless Err is set, which
// it then wraps.
func (r *Response) AsError() error {
	if r.Err == nil && r.Code() < http.StatusBadRequest {
		return nil
	}
	return &Error{Status: r.Code(), Reason: r.Reason, Header: r.Header, Remote: r.Err == nil, Err: r.Err}
}
