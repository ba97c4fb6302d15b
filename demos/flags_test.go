package demos_test

import (
	"net"
	"strings"
	"testing"

	"github.com/matryer/is"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	mesh := []string{"-requests", "-responses", "-service-binds", "-secret-file"}
	for program, flags := range map[string][]string{
		"front":    append([]string{"-http", "127.0.0.1:6767", "/readyz", "ipc://run/app"}, mesh...),
		"app":      append([]string{"-http", "127.0.0.1:6767", "-serve-requests", "-serve-responses", "-serve-service-binds"}, mesh...),
		"service":  append([]string{"-delay", "5s"}, mesh...),
		"monolith": {"-http", "127.0.0.1:6768", "-delay"},
	} {
		is := is.New(t)
		p := start(t, program, "-h")
		is.Equal(p.end(t), 0) // help was asked for
		help := p.stdout.String()
		is.True(strings.HasPrefix(help, "Usage: "+program+" [flags]\n"))
		for _, flag := range flags {
			is.True(strings.Contains(help, flag)) // every flag is there, with its default
		}
		is.Equal(p.stderr.String(), "")
	}
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		program string
		args    []string
		status  int
		says    string
	}{
		{"app", []string{"-htpp", "x"}, 2, "-htpp"},
		{"app", []string{"serve"}, 2, "takes no arguments"},
		{"app", []string{"-http", "nonsense"}, 1, "app: -http: "},
		{"app", []string{"-http", ""}, 2, "app: usage: the app has no door"},
		{"app", []string{"-serve-requests", "ipc://a"}, 2, "-serve-responses"},
		{"app", sockets(t, "-serve-requests", "ipx://a", "-serve-responses", "ipx://b"), 1, "ipx"},
		{"app", []string{"-serve-requests", "tcp://*:7000", "-serve-responses", "tcp://*:7001"}, 1, "well-known secret"},
		{"front", []string{"-http", "nonsense"}, 1, "front: -http: "},
		{"front", []string{"-http", "127.0.0.1:0", "-requests", "ipx://a"}, 1, "ipx"},
		{"app", []string{"-secret-file", "/nowhere/secret"}, 1, "app: -secret-file: "},
		{"service", []string{"-delay", "61s"}, 1, "service: -delay 1m1s: "},
		{"service", []string{"-requests", "ipx://a"}, 1, "ipx"},
		{"monolith", []string{"-delay", "-1s"}, 1, "monolith: -delay -1s: "},
	} {
		is := is.New(t)
		p := start(t, c.program, c.args...)
		is.Equal(p.end(t), c.status)
		is.True(strings.Contains(p.stderr.String(), c.says)) // what is wrong
		is.Equal(p.stdout.String(), "")
	}
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	defer taken.Close()
	for _, program := range []string{"front", "app", "monolith"} {
		p := start(t, program, "-http", taken.Addr().String())
		is.Equal(p.end(t), 1)
		says := p.stderr.String()
		is.True(strings.Contains(says, taken.Addr().String()+" is in use")) // what is wrong
		is.True(strings.Contains(says, "-http 127.0.0.1:0"))                // and what to do
	}
}
