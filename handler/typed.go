package handler

import (
	"context"
	"fmt"
	"mime"
	"reflect"
	"strings"
)

// Typed returns a Handler that fills an In, calls f and encodes what it returns:
//
//	type query struct {
//		ID    int           `param:"id"`  // from the path
//		Limit uint8         `arg:"limit"` // from the arguments
//		Since time.Duration `arg:"since"`
//		Words []string      `json:"words"` // from the body
//	}
//	mux.Handle("/reports/{id}", handler.Typed(func(ctx context.Context, q query) (report, error) { ... }))
//
// In comes from the body as Request.Bind reads it; an empty body leaves it zero. Then the fields of a struct with the
// tag param or arg are set from path parameters and arguments: strings, bools, whole numbers in decimal, floats,
// time.Duration, what implements encoding.TextUnmarshaler, and pointers to those. An argument that is missing leaves
// its field as the body has it. A missing parameter zeroes its field, so that no body can set it. Where In is a pointer to
// a struct, f never gets nil. Input that does not fit is an *Error with status 400 whose reason names the field.
//
// In a response handler In comes from the body of the Answer. An Answer that is an error (see Response.AsError) is
// returned as one, and f is not called.
//
// Out is encoded as the request asks: JSON if its header accept names that, or names neither JSON nor msgpack while the
// content-type of its body is JSON, else msgpack. An Out that is a *Response is returned as it is.
//
// FromContext gives f the Request. Typed panics when a tag or the type of a field with one is not supported.
func Typed[In, Out any](f func(context.Context, In) (Out, error)) Handler {
	if f == nil {
		panic("handler: Typed: nil func")
	}
	mustEncode(reflect.TypeFor[In]())
	mustEncode(reflect.TypeFor[Out]())
	p := inspectFields(reflect.TypeFor[In]())
	return Func(func(ctx context.Context, r *Request) (*Response, error) {
		if FromContext(ctx) != r {
			ctx = NewContext(ctx, r)
		}
		var in In
		if err := p.fill(r, reflect.ValueOf(&in)); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return reply(r, out)
	})
}

func mustEncode(t reflect.Type) {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		panic(fmt.Sprintf("handler: Typed: %v cannot travel", t))
	}
}

// reply encodes out as r asks.
func reply(r *Request, out any) (*Response, error) {
	if resp, ok := out.(*Response); ok {
		return resp, nil
	}
	if wantsJSON(r) {
		return JSON(out)
	}
	return Value(out)
}

func wantsJSON(r *Request) bool {
	for _, value := range r.Header[accept] {
		for mediaType := range strings.SplitSeq(value, ",") {
			switch acceptable(mediaType) {
			case formatJSON:
				return true
			case formatMsgpack:
				return false
			}
		}
	}
	return formatOf(r.HeaderValue(contentType)) == formatJSON
}

// acceptable is the format of one element of the header accept, unless it is there to be refused.
func acceptable(mediaType string) format {
	name, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return formatUnknown
	}
	if q := params["q"]; q != "" && strings.Trim(q, "0.") == "" {
		return formatUnknown
	}
	return formatOf(name)
}
