package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"quartet/transport/wire"
)

const typeJSON = "application/json"

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

func encodeJSON(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("handler: cannot encode %T: %w", v, err)
	}
	return body, nil
}
