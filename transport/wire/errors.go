package wire

import (
	"errors"
	"fmt"
	"strings"
)

// ErrMalformed is what every input that breaks the contract comes down to:
// errors.Is(err, ErrMalformed) holds for all causes below but ErrVersion and ErrKind.
var ErrMalformed = errors.New("wire: malformed message")

// Why an input is malformed, for errors.Is.
var (
	ErrTruncated       = errors.New("shorter than it claims to be")
	ErrTooDeep         = errors.New("nested too deep")
	ErrTooManyElements = errors.New("too many elements")
	ErrDuplicateKey    = errors.New("duplicate map key")
	ErrKey             = errors.New("map key of a type that is not allowed")
	ErrExtension       = errors.New("extension type that is not allowed")
	ErrCode            = errors.New("0xc1 is no msgpack")
	ErrTrailing        = errors.New("bytes after the end")
	ErrTooLarge        = errors.New("too large")
	ErrType            = errors.New("wrong type")
	ErrInvalid         = errors.New("not allowed")
)

// What a well-formed message may be that this package cannot read.
var (
	// ErrVersion: the message is of a version outside MinVersion to Version.
	ErrVersion = errors.New("wire: version not supported")
	// ErrKind: the message is of an unknown kind. Receivers ignore it.
	ErrKind = errors.New("wire: unknown kind of message")
)

// MalformedError says what is wrong with an input, and where.
type MalformedError struct {
	Offset int   // of the offending byte; -1 when a field as a whole is wrong
	Cause  error // one of the causes above, or a *FieldError
}

// Error names cause and offset.
func (e *MalformedError) Error() string {
	cause := strings.TrimPrefix(e.Cause.Error(), "wire: ")
	if e.Offset < 0 {
		return fmt.Sprintf("%v: %s", ErrMalformed, cause)
	}
	return fmt.Sprintf("%v: %s at byte %d", ErrMalformed, cause, e.Offset)
}

// Is reports whether target is ErrMalformed.
func (e *MalformedError) Is(target error) bool { return target == ErrMalformed }

// Unwrap returns the cause.
func (e *MalformedError) Unwrap() error { return e.Cause }

// FieldError names a field of a message that breaks the contract.
type FieldError struct {
	Field   string // as in docs/PROTOCOL.md, such as "path" or "header"
	Problem string // for people; never the value itself, which may be secret
	Err     error  // ErrType, ErrTooLarge or ErrInvalid
}

// Error names the field and the problem.
func (e *FieldError) Error() string { return fmt.Sprintf("wire: %s %s", e.Field, e.Problem) }

// Unwrap returns ErrType, ErrTooLarge or ErrInvalid.
func (e *FieldError) Unwrap() error { return e.Err }

// DecodeError is the error of Decode. It carries what could be read of the
// message, so that a request can still be answered and a call still be ended.
type DecodeError struct {
	Kind  Kind // 0 when it could not be read
	ID    ID
	HasID bool // whether ID could be read
	Err   error
}

// Error tells what could be read, and the cause.
func (e *DecodeError) Error() string {
	if e.HasID {
		return fmt.Sprintf("%v (%v %v)", e.Err, e.Kind, e.ID)
	}
	return e.Err.Error()
}

// Unwrap returns the cause: a *MalformedError, ErrVersion or ErrKind.
func (e *DecodeError) Unwrap() error { return e.Err }

// IDOf returns kind and id of the message that Decode refused with err, if they could be read.
func IDOf(err error) (Kind, ID, bool) {
	var d *DecodeError
	if !errors.As(err, &d) || !d.HasID {
		return 0, ID{}, false
	}
	return d.Kind, d.ID, true
}

func malformed(offset int, cause error) error {
	return &MalformedError{Offset: offset, Cause: cause}
}
