package handler

import (
	"encoding"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// plan says how Typed fills its In.
type plan struct {
	pointer bool // In is a pointer to a struct
	fields  []field
}

// field is a field of In with a tag.
type field struct {
	index []int
	tag   string // "param" or "arg"
	name  string
	set   setter
	want  string // what the text must be, for the one who sent it
}

type setter func(v reflect.Value, text string) error

// inspectFields reads the tags of In and panics on one that cannot be followed.
func inspectFields(t reflect.Type) plan {
	p := plan{pointer: t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct}
	if p.pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return p
	}
	for _, sf := range reflect.VisibleFields(t) {
		tag, name, ok := readTag(t, sf)
		if !ok {
			continue
		}
		if !sf.IsExported() || throughPointer(t, sf.Index) {
			panic(fmt.Sprintf("handler: Typed: the field %v.%s with the tag %s cannot be set", t, sf.Name, tag))
		}
		set, want := setterFor(sf.Type)
		if set == nil {
			panic(fmt.Sprintf("handler: Typed: the field %v.%s: %v cannot be read from text", t, sf.Name, sf.Type))
		}
		p.fields = append(p.fields, field{sf.Index, tag, name, set, want})
	}
	return p
}

func readTag(t reflect.Type, sf reflect.StructField) (tag, name string, ok bool) {
	param, isParam := sf.Tag.Lookup("param")
	arg, isArg := sf.Tag.Lookup("arg")
	switch {
	case !isParam && !isArg:
		return "", "", false
	case isParam && isArg:
		panic(fmt.Sprintf("handler: Typed: the field %v.%s has both a param and an arg", t, sf.Name))
	case isParam:
		tag, name = "param", param
	default:
		tag, name = "arg", arg
	}
	if name == "" || strings.ContainsAny(name, ", ") {
		panic(fmt.Sprintf("handler: Typed: the field %v.%s: %q is a bad %s name", t, sf.Name, name, tag))
	}
	return tag, name, true
}

func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// fill fills what in points to.
func (p *plan) fill(r *Request, in reflect.Value) error {
	if err := bindInput(r, in.Interface()); err != nil {
		return err
	}
	v := in.Elem()
	if p.pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	for _, f := range p.fields {
		if err := f.fill(r, v.FieldByIndex(f.index)); err != nil {
			return err
		}
	}
	return nil
}

func bindInput(r *Request, v any) error {
	if r.Answer == nil {
		return r.Bind(v)
	}
	if err := r.Answer.AsError(); err != nil {
		return err
	}
	return r.Answer.Bind(v)
}

func (f *field) fill(r *Request, v reflect.Value) error {
	text, ok := r.Args[f.name]
	if f.tag == "param" {
		if text, ok = r.lookup(f.name); !ok {
			v.SetZero()
		}
	}
	if !ok {
		return nil
	}
	if err := f.set(v, text); err != nil {
		return &Error{Status: http.StatusBadRequest, Reason: fmt.Sprintf("%s %q must be %s", f.tag, f.name, f.want), Err: err}
	}
	return nil
}

// setterFor returns what reads a t from text, and what to call such a text; nil for a type that none can be read from.
func setterFor(t reflect.Type) (setter, string) {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return setText, "well-formed"
	case t == reflect.TypeFor[time.Duration]():
		return setDuration, `a duration such as "1.5s"`
	}
	switch t.Kind() {
	case reflect.Pointer:
		return setPointer(t)
	case reflect.String:
		return func(v reflect.Value, text string) error { v.SetString(text); return nil }, "text"
	case reflect.Bool:
		return setBool, "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, fmt.Sprintf("a whole number of %d bits", t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint, fmt.Sprintf("a whole number of %d bits without a sign", t.Bits())
	case reflect.Float32, reflect.Float64:
		return setFloat, "a number"
	}
	return nil, ""
}

// setPointer is for a value that may be missing: the pointer then stays nil.
func setPointer(t reflect.Type) (setter, string) {
	set, want := setterFor(t.Elem())
	if set == nil {
		return nil, ""
	}
	return func(v reflect.Value, text string) error {
		p := reflect.New(t.Elem())
		v.Set(p)
		return set(p.Elem(), text)
	}, want
}

func setText(v reflect.Value, text string) error {
	return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
}

func setDuration(v reflect.Value, text string) error {
	d, err := time.ParseDuration(text)
	v.SetInt(int64(d))
	return err
}

func setBool(v reflect.Value, text string) error {
	b, err := strconv.ParseBool(text)
	v.SetBool(b)
	return err
}

func setInt(v reflect.Value, text string) error {
	n, err := strconv.ParseInt(text, 10, v.Type().Bits())
	v.SetInt(n)
	return err
}

func setUint(v reflect.Value, text string) error {
	n, err := strconv.ParseUint(text, 10, v.Type().Bits())
	v.SetUint(n)
	return err
}

func setFloat(v reflect.Value, text string) error {
	x, err := strconv.ParseFloat(text, v.Type().Bits())
	v.SetFloat(x)
	return err
}
