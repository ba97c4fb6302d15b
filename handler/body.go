package handler

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"quartet/transport/wire"
)

const (
	typeJSON        = "application/json"
	contentEncoding = "content-encoding"
)

// format is an encoding that Bind knows.
type format uint8

const (
	formatUnknown format = iota
	formatMsgpack
	formatJSON
	formatText
)

// formatOf reads one media type, parameters and all.
func formatOf(mediaType string) format {
	switch mediaType {
	case "": // what services send one another, and the two that need no parser
		return formatMsgpack
	case typeJSON:
		return formatJSON
	}
	name, _, err := mime.ParseMediaType(mediaType)
	switch {
	case err != nil && name == "":
		return formatUnknown
	case name == typeJSON, strings.HasSuffix(name, "+json"):
		return formatJSON
	case name == "application/msgpack", name == "application/x-msgpack", name == "application/vnd.msgpack":
		return formatMsgpack
	case strings.HasPrefix(name, "text/"):
		return formatText
	}
	return formatUnknown
}

// decode fills v; its errors are *Error values that blame the sender.
func decode(header map[string][]string, body []byte, v any) error {
	if len(body) == 0 {
		return nil
	}
	var err error
	switch formatOf(first(header, contentType)) {
	case formatMsgpack:
		err = wire.Unmarshal(body, v)
	case formatJSON:
		err = json.Unmarshal(body, v)
	case formatText:
		return decodeText(body, v)
	default:
		return unsupported()
	}
	if err != nil {
		return &Error{Status: http.StatusBadRequest, Reason: badBody(err), Err: err}
	}
	return nil
}

func decodeText(body []byte, v any) error {
	switch v := v.(type) {
	case *string:
		*v = string(body)
	case *[]byte:
		*v = append([]byte(nil), body...)
	default:
		return unsupported()
	}
	return nil
}

func unsupported() *Error {
	return &Error{Status: http.StatusUnsupportedMediaType, Reason: "body: content-type is not supported"}
}

// badBody says what is wrong in words for the sender: the decoders' own texts name Go types.
func badBody(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Sprintf("body: field %q cannot be a %s", wrong.Field, wrong.Value)
	}
	return "body: it cannot be decoded"
}

// MaxInflated is how many bytes the body of a response may have once Bind has decompressed it: Bind knows the
// content-encoding gzip. One that inflates to more is refused, and so is one whose content-encoding is another, or more
// than one. Requests are not decompressed: 16 KiB from a stranger would become 16 MiB in every handler.
const MaxInflated = 16 << 20

// uncompressed refuses a request with a content-encoding.
func uncompressed(encodings []string) error {
	switch strings.ToLower(strings.Join(encodings, ",")) {
	case "", "identity":
		return nil
	}
	return &Error{
		Status: http.StatusUnsupportedMediaType, Reason: "body: content-encoding is not supported",
		Header: map[string][]string{"accept-encoding": {"identity"}}, // RFC 9110, 15.5.16
	}
}

// decompress undoes the content-encoding of a body.
func decompress(encodings []string, body []byte) ([]byte, error) {
	if len(encodings) == 0 || len(body) == 0 {
		return body, nil
	}
	switch strings.ToLower(strings.Join(encodings, ",")) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		return inflate(body)
	}
	return nil, uncompressed(encodings)
}

// inflater is a gzip.Reader that can be used again, and then holds no body.
type inflater struct {
	src bytes.Reader
	gzip.Reader
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// inflate stops one byte after MaxInflated: what a body claims of its size counts for nothing.
func inflate(body []byte) ([]byte, error) {
	in := inflaters.Get().(*inflater)
	in.src.Reset(body)
	var plain bytes.Buffer
	err := in.Reset(&in.src)
	if err == nil {
		plain.Grow(min(4*len(body), MaxInflated))
		_, err = plain.ReadFrom(io.LimitReader(in, MaxInflated+1))
	}
	in.src.Reset(nil)
	inflaters.Put(in)
	switch {
	case err != nil:
		return nil, &Error{Status: http.StatusBadRequest, Reason: "body: it cannot be decompressed", Err: err}
	case plain.Len() > MaxInflated:
		reason := fmt.Sprintf("body: it inflates to more than %d MiB", MaxInflated>>20)
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Reason: reason}
	}
	return plain.Bytes(), nil
}

func encodeJSON(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("handler: cannot encode %T: %w", v, err)
	}
	return body, nil
}
