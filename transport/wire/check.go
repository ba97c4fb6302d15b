package wire

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Check reports the first field of m that breaks the contract as a *FieldError.
// Append and Decode call it; others call it to refuse bad input early. The size
// of the encoded message is the one thing that only Append can know.
func Check(m Message) error {
	switch m := m.(type) {
	case *Request:
		return m.check()
	case *Response:
		return m.check()
	case *Forward:
		return m.check()
	case *Hello:
		return m.check()
	case *Cancel, *Bye:
		return nil
	default:
		return ErrKind
	}
}

func (r *Request) check() error {
	return firstError(
		require("path", ValidPath(r.Path), "must begin with a slash and be text of at most 4096 bytes"),
		require("METHOD", ValidMethod(r.Method), "must be a lower-case token of at most 32 bytes"),
		checkElapsed("left", r.Left, MaxLeft),
		require("from", r.From == "" || ValidInstance(r.From), "must be empty or 32 hex digits"),
		checkHeader(r.Header),
		checkArgs(r.Args),
	)
}

func (r *Response) check() error {
	return firstError(
		require("outcome", r.Outcome <= OutcomeForbidden, "is unknown"),
		require("METHOD", ValidMethod(r.Method), "must be a lower-case token of at most 32 bytes"),
		require("status", r.Status >= 100 && r.Status <= 599, "must be 100 to 599"),
		require("reason", ValidReason(r.Reason), "must be text of at most 1024 bytes"),
		checkHeader(r.Header),
		checkElapsed("queued", r.Queued, MaxElapsed),
		checkElapsed("run", r.Run, MaxElapsed),
	)
}

func (f *Forward) check() error {
	return firstError(
		require("service", ValidName(f.Service), "must be text of 1 to 256 bytes"),
		require("path", ValidPath(f.Path), "must begin with a slash and be text of at most 4096 bytes"),
		require("METHOD", ValidMethod(f.Method), "must be a lower-case token of at most 32 bytes"),
		checkHeader(f.Header),
		checkArgs(f.Args),
	)
}

func (h *Hello) check() error {
	return firstError(
		require("instance", ValidInstance(h.Instance), "must be 32 hex digits"),
		require("name", h.Name == "" || ValidName(h.Name), "must be text of at most 256 bytes"),
		require("versions", h.MinVersion >= 1 && h.MaxVersion >= h.MinVersion, "must be a range that begins at 1 or later"),
		require("service", h.Service == "" || ValidName(h.Service), "must be text of at most 256 bytes"),
		checkRoutes(h.Routes),
		checkServices(h.Services),
	)
}

func checkHeader(h map[string][]string) error {
	if len(h) > MaxHeaderNames {
		return tooLarge("header", len(h), MaxHeaderNames)
	}
	all := 0
	for name, values := range h {
		if all += len(values); all > MaxHeaderValues {
			return tooLarge("header", all, MaxHeaderValues)
		}
		if !ValidHeaderName(name) {
			return invalid("header", "name must be a lower-case HTTP token of at most 256 bytes")
		}
		for _, v := range values {
			if !ValidHeaderValue(v) {
				return invalid("header", "value must be UTF-8 without CR, LF and NUL")
			}
		}
	}
	return nil
}

func checkArgs(args map[string]string) error {
	if len(args) > MaxArgs {
		return tooLarge("args", len(args), MaxArgs)
	}
	for name, v := range args {
		if name == "" || len(name) > MaxName {
			return invalid("args", "name must have 1 to 256 bytes")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(v) {
			return invalid("args", "must be UTF-8")
		}
	}
	return nil
}

func checkRoutes(routes []Route) error {
	if len(routes) > MaxRoutes {
		return tooLarge("routes", len(routes), MaxRoutes)
	}
	for _, r := range routes {
		if r.Method != "*" && !ValidMethod(r.Method) {
			return invalid("routes", "METHOD must be * or a lower-case token of at most 32 bytes")
		}
		if !ValidPath(r.Pattern) {
			return invalid("routes", "pattern must begin with a slash and be text of at most 4096 bytes")
		}
	}
	return nil
}

func checkServices(names []string) error {
	if len(names) > MaxServices {
		return tooLarge("services", len(names), MaxServices)
	}
	for _, name := range names {
		if !ValidName(name) {
			return invalid("services", "name must be text of 1 to 256 bytes")
		}
	}
	return nil
}

func checkElapsed(field string, d, most time.Duration) error {
	if d < 0 || d > most {
		return invalid(field, "must not be negative, nor overflow in the unit of the wire")
	}
	return nil
}

func require(field string, ok bool, problem string) error {
	if ok {
		return nil
	}
	return invalid(field, problem)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func invalid(field, problem string) error {
	return &FieldError{Field: field, Problem: problem, Err: ErrInvalid}
}

func tooLarge(field string, n, most int) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf("has %d, at most %d are allowed", n, most), Err: ErrTooLarge}
}
