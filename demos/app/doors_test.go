package main

import (
	"io"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/demo"
)

func TestDoors(t *testing.T) {
	t.Parallel()
	const both = "-serve-requests ipc://a -serve-responses ipc://b"
	for _, c := range []struct {
		args   string
		http   string
		behind bool
		says   string
	}{
		{"", "127.0.0.1:6767", false, ""},
		{"-http :80", ":80", false, ""},
		{both, "", true, ""}, // the web's door is the front's
		{both + " -serve-service-binds", "", true, ""},
		{both + " -http :80", ":80", true, ""},
		{both + " -http=", "", true, ""},
		{"-http=", "", false, "no door"},
		{"-serve-requests ipc://a", "", false, "-serve-responses"},
		{"-serve-responses ipc://b -http :80", "", false, "-serve-requests"},
		{"-serve-service-binds", "", false, "-serve-requests and -serve-responses"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var d doors
			flags := demo.Flags("app", about)
			d.flags(flags)
			is.NoErr(demo.Parse(flags, strings.Fields(c.args), io.Discard, io.Discard))
			err := d.settle(flags)
			if c.says != "" {
				is.True(err != nil && strings.Contains(err.Error(), c.says)) // what is wrong
				return
			}
			is.NoErr(err)
			is.Equal(d.http, c.http)
			is.Equal(d.behindFront(), c.behind)
		})
	}
}
