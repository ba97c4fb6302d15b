package handler

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
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
// Where In, or *In, has a method Validate() error, that comes next, and f is called only if it returns nil. An *Error in
// what it returns counts as it is. Any other error becomes an *Error with status 400 whose reason is its text: unlike the
// errors of f it is written for the caller, and should name no secrets. To see to more than the input, which needs the
// context, is for f.
//
// In a response handler In comes from the body of the Answer. An Answer that is an error (see Response.AsError) is
// returned as one, and f is not called. An Answer that is not valid is an error with status 502, for its sender is to
// blame.
//
// Out is encoded as the request asks: JSON if its header accept names that, or names neither JSON nor msgpack while the
// content-type of its body is JSON, else msgpack. An Out that is a *Response is returned as it is.
//
// FromContext gives f the Request. Typed panics when a tag or the type of a field with one is not supported, and when
// Validate has another signature.
func Typed[In, Out any](f func(context.Context, In) (Out, error)) Handler {
	if f == nil {
		panic("handler: Typed: nil func")
	}
	mustEncode(reflect.TypeFor[In]())
	mustEncode(reflect.TypeFor[Out]())
	p := inspectFields(reflect.TypeFor[In]())
	validate := validation[In]()
	return Func(func(ctx context.Context, r *Request) (*Response, error) {
		if FromContext(ctx) != r {
			ctx = NewContext(ctx, r)
		}
		var in In
		if err := p.fill(r, reflect.ValueOf(&in)); err != nil {
			return nil, err
		}
		if validate != nil {
			if err := validate(&in); err != nil {
				return nil, notValid(r, err)
			}
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

type validator interface{ Validate() error }

// validation returns what calls the Validate of an In, or nil where it has none.
func validation[In any]() func(*In) error {
	t := reflect.TypeFor[In]()
	pointer := reflect.PointerTo(t)
	switch {
	case t.Kind() == reflect.Interface: // what is in it comes from the wire, and has no methods
		return nil
	case t.Implements(reflect.TypeFor[validator]()) && t.Kind() == reflect.Pointer:
		return func(in *In) error { return any(*in).(validator).Validate() }
	case pointer.Implements(reflect.TypeFor[validator]()):
		return func(in *In) error { return any(in).(validator).Validate() }
	}
	for _, t := range []reflect.Type{t, pointer} {
		if m, ok := t.MethodByName("Validate"); ok {
			panic(fmt.Sprintf("handler: Typed: the method Validate of %v is a %v; it must be Validate() error", t, m.Type))
		}
	}
	return nil
}

// notValid is what the caller sees of an error of Validate.
func notValid(r *Request, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	status := http.StatusBadRequest
	if r.Answer != nil {
		status = http.StatusBadGateway
	}
	return &Error{Status: status, Reason: err.Error(), Err: err}
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
