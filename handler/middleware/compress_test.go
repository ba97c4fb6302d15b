package middleware_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/handler/middleware"
)

type header = map[string][]string

var long = strings.Repeat("all work and no play ", 500)

// compressed is what becomes of resp for a caller with this header.
func compressed(t *testing.T, resp *handler.Response, h header) *handler.Response {
	t.Helper()
	got, err := middleware.Compress(1400)(returns(resp, nil)).Serve(context.Background(), &handler.Request{Path: "/", Header: h})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCompress(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	resp := handler.Text(long)
	got := compressed(t, resp, header{"accept-encoding": {"gzip"}})
	is.True(len(got.Body) < len(long)/10)
	is.Equal(got.Header, header{
		"content-type": {"text/plain; charset=utf-8"}, "content-encoding": {"gzip"}, "vary": {"accept-encoding"},
	})
	var back string
	is.NoErr(got.Bind(&back))
	is.Equal(back, long) // Bind decompresses

	is.Equal(resp.Text(), long) // a response that is for many stays as it is
	is.Equal(len(resp.Header), 1)
}

func TestCompressSpeaksMsgpack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	resp, err := handler.Value([]string{long, long})
	is.NoErr(err)
	got := compressed(t, resp, header{"accept-encoding": {"gzip"}})
	is.True(len(got.Body) < len(long))
	var back []string
	is.NoErr(got.Bind(&back))
	is.Equal(back, []string{long, long}) // no content-type is needed

	arrived := &handler.Request{Header: got.Header, Body: got.Body, Answer: got}
	back = nil
	is.NoErr(arrived.Bind(&back))
	is.Equal(back, []string{long, long}) // nor does it matter that a response handler binds
}

func TestCompressAsAccepted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		accept []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZip"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"br, deflate , gzip;q=0.1"}, true},
		{[]string{"br", "gzip"}, true},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; q=0.000"}, false},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"*;q=0, gzip"}, true},
		{[]string{"br, identity"}, false},
		{[]string{"gzipped"}, false},
		{[]string{";;,=;q"}, false},
	} {
		is := is.New(t)
		got := compressed(t, handler.Text(long), header{"accept-encoding": tt.accept})
		if (got.HeaderValue("content-encoding") == "gzip") != tt.want {
			t.Errorf("%q: %v", tt.accept, got.Header)
		}
		is.Equal(got.HeaderValue("vary"), "accept-encoding") // a cache must know in any case
	}
}

func TestCompressLeavesAlone(t *testing.T) {
	t.Parallel()
	with := func(name, value string) *handler.Response {
		resp := handler.Text(long)
		resp.SetHeader(name, value)
		return resp
	}
	for name, resp := range map[string]*handler.Response{
		"what is small":          handler.Text(long[:1399]),
		"what is nothing":        {},
		"what is encoded":        with("content-encoding", "br"),
		"what is part":           with("content-range", "bytes 0-9/10"),
		"what must not change":   with("cache-control", "public, No-Transform"),
		"a JPEG":                 with("content-type", "image/jpeg"),
		"a film":                 with("content-type", "video/mp4"),
		"music":                  with("content-type", "audio/mpeg"),
		"an archive":             with("content-type", "application/zip"),
		"an archive of its kind": with("content-type", "application/epub+zip"),
		"a PDF, with parameters": with("content-type", "Application/PDF; x=y"),
		"a document":             with("content-type", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
		"a font":                 with("content-type", "font/woff2"),
		"a partial answer":       {Status: 206, Body: []byte(long)},
		"an answer without body": {Status: 204, Body: []byte(long)},
		"an answer from a cache": {Status: 304, Body: []byte(long)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			is.True(compressed(t, resp, header{"accept-encoding": {"gzip"}}) == resp)
		})
	}
	is := is.New(t)
	forward := handler.Forward("pictures", "")
	forward.Body = []byte(long)
	is.True(compressed(t, forward, header{"accept-encoding": {"gzip"}}) == forward)

	r := answer(handler.Text("x"))
	r.SetHeader("accept-encoding", "gzip")
	made := handler.Text(long)
	resp, err := middleware.Compress(0)(returns(made, nil)).Serve(context.Background(), r)
	is.True(err == nil && resp == made) // what a response handler makes does not travel
	resp, err = middleware.Compress(0)(returns(made, errSecret)).Serve(context.Background(), new(handler.Request))
	is.True(err == errSecret && resp == made)
	resp, err = middleware.Compress(0)(returns(nil, nil)).Serve(context.Background(), new(handler.Request))
	is.True(err == nil && resp == nil)
}

func TestCompressTakesText(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{
		"text/html", "application/json", "image/svg+xml", "application/octet-stream", "font/ttf", "application/x-anything", "?",
	} {
		resp := handler.Text(long)
		resp.SetHeader("content-type", mediaType)
		if got := compressed(t, resp, header{"accept-encoding": {"gzip"}}); got.HeaderValue("content-encoding") == "" {
			t.Errorf("%s was left alone", mediaType)
		}
	}
}

func TestCompressNeverGrows(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	noise := make([]byte, 5000)
	_, _ = rand.Read(noise)
	got := compressed(t, &handler.Response{Body: noise}, header{"accept-encoding": {"gzip"}})
	is.Equal(got.Body, noise)
	is.Equal(got.Header, header{"vary": {"accept-encoding"}}) // it might have been
}

func TestCompressMendsHeaders(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	vary := []string{"Origin"}
	resp := &handler.Response{Body: []byte(long), Header: header{
		"etag": {`"v1"`}, "content-length": {"10500"}, "accept-ranges": {"bytes"}, "vary": vary[:1:1], "x": {"y"},
	}}
	got := compressed(t, resp, header{"accept-encoding": {"gzip"}})
	is.Equal(got.Header, header{
		"etag": {`W/"v1"`}, "vary": {"Origin", "accept-encoding"}, "content-encoding": {"gzip"}, "x": {"y"},
	})
	is.Equal(resp.Header["etag"], []string{`"v1"`}) // not those of the handler

	for _, vary := range []string{"*", "Accept, Accept-Encoding"} {
		resp := handler.Text(long)
		resp.SetHeader("vary", vary)
		resp.SetHeader("etag", `W/"v1"`)
		got := compressed(t, resp, header{"accept-encoding": {"gzip"}})
		is.Equal(got.Header["vary"], []string{vary}) // said once
		is.Equal(got.HeaderValue("etag"), `W/"v1"`)
	}
}

// TestCompressAtOnce shares its writers, not what they write.
func TestCompressAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			is := is.New(t)
			text := strings.Repeat(string(rune('a'+i)), 5000*(i+1))
			for range 20 {
				var back string
				is.NoErr(compressed(t, handler.Text(text), header{"accept-encoding": {"gzip"}}).Bind(&back))
				is.Equal(back, text)
			}
		})
	}
	all.Wait()
}
