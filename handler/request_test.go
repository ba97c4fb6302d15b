package handler_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/transport/wire"
)

type point struct {
	X int    `json:"x"`
	S string `json:"s"`
}

func packed(t *testing.T, v any) []byte {
	t.Helper()
	b, err := wire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRequestBind(t *testing.T) {
	t.Parallel()
	want := point{X: 3, S: "é"}
	tests := []struct {
		name, contentType string
		body              []byte
		status            int // 0: no error
		reason            string
	}{
		{"no content-type is msgpack", "", packed(t, want), 0, ""},
		{"msgpack by name", "application/msgpack", packed(t, want), 0, ""},
		{"msgpack by its older name", "application/x-msgpack", packed(t, want), 0, ""},
		{"json", "application/json", []byte(`{"x":3,"s":"é"}`), 0, ""},
		{"json with parameters, in capitals", "Application/JSON; charset=utf-8", []byte(`{"x":3,"s":"é"}`), 0, ""},
		{"a kind of json", "application/problem+json", []byte(`{"x":3,"s":"é"}`), 0, ""},
		{"json under the name of msgpack", "", []byte(`{"x":3}`), 400, "body: it cannot be decoded"},
		{"msgpack under the name of json", "application/json", packed(t, want), 400, "body: it cannot be decoded"},
		{"json of another type", "application/json", []byte(`{"x":"3"}`), 400, `body: field "x" cannot be a string`},
		{"json with bytes after the end", "application/json", []byte(`{"x":3}{}`), 400, "body: it cannot be decoded"},
		{"msgpack with bytes after the end", "", append(packed(t, want), 1), 400, "body: it cannot be decoded"},
		{"msgpack cut off", "", packed(t, want)[:4], 400, "body: it cannot be decoded"},
		{"nearly json", "application/jsonp", []byte(`{"x":3}`), 415, "body: content-type is not supported"},
		{"text into a struct", "text/plain", []byte(`3`), 415, "body: content-type is not supported"},
		{"not a media type", ";", []byte(`3`), 415, "body: content-type is not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			r := &handler.Request{Body: tt.body}
			if tt.contentType != "" {
				r.SetHeader("content-type", tt.contentType)
			}
			var got point
			err := r.Bind(&got)
			if tt.status == 0 {
				is.NoErr(err)
				is.Equal(got, want) // every field must arrive
				return
			}
			var e *handler.Error
			is.True(errors.As(err, &e))               // the sender is told
			is.Equal(e.Status, tt.status)             // with a status of its own
			is.Equal(e.Reason, tt.reason)             // that names no Go type
			is.Equal(e.Remote, false)                 // the error is ours
			is.True(e.Err != nil || tt.status == 415) // the log has the cause
		})
	}
}

func TestRequestBindTextAndEmpty(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := &handler.Request{Header: map[string][]string{"content-type": {"text/plain; charset=utf-8"}}, Body: []byte("hi")}
	var s string
	is.NoErr(r.Bind(&s))
	is.Equal(s, "hi") // text goes into a string
	var b []byte
	is.NoErr(r.Bind(&b))
	b[0] = 'X'
	is.Equal(string(r.Body), "hi") // what was bound holds no reference to the body

	v := point{X: 1}
	is.NoErr((&handler.Request{}).Bind(&v))
	is.Equal(v, point{X: 1}) // an empty body leaves the value alone
}

func TestRequestValues(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := &handler.Request{Args: map[string]string{"empty": ""}}
	is.Equal(r.Arg("empty", "x"), "")   // an empty argument is an argument
	is.Equal(r.Arg("absent", "x"), "x") // a missing one is not
	is.Equal(r.Param("id"), "")         // no route, no parameters
	is.Equal(r.From(), "")              // nobody asked

	r.SetParam("id", "1")
	r.SetParam("id", "2")
	is.Equal(r.Param("id"), "2") // the last one set counts

	is.Equal(r.HeaderValue("accept"), "") // no header
	r.SetHeader("accept", "a")
	r.SetHeader("accept", "b")
	is.Equal(r.Header["accept"], []string{"b"}) // SetHeader replaces
}

func TestRequestClone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := &handler.Request{
		Path: "/a", Args: map[string]string{"a": "1"}, Header: map[string][]string{"h": {"1"}}, Body: []byte("b"),
	}
	r.SetParam("id", "1")
	c := r.Clone()
	c.Args["a"], c.Header["h"][0] = "2", "2"
	c.SetParam("id", "2")
	is.Equal(r.Args["a"], "1")      // arguments are copied
	is.Equal(r.Header["h"][0], "1") // headers are copied to the last value
	is.Equal(r.Param("id"), "1")    // so are parameters
	is.Equal(string(c.Body), "b")   // the body is shared
}

func TestNewRequest(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r, err := handler.NewRequest("/a", point{X: 1})
	is.NoErr(err)
	is.Equal(r.Path, "/a")
	is.Equal(r.Method, "") // which is MethodRequest, or what a call says
	var got point
	is.NoErr(r.Bind(&got))
	is.Equal(got, point{X: 1}) // the body is v

	r, err = handler.NewRequest("/a", nil)
	is.NoErr(err)
	is.Equal(len(r.Body), 0) // nil gives no body

	_, err = handler.NewRequest("/a", make(chan int))
	is.True(err != nil) // a channel cannot travel
}
