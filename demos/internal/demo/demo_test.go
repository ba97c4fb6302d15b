package demo_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"
	"github.com/oklog/run"
	"go.uber.org/goleak"

	"quartet/demos/internal/demo"
	"quartet/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{nil, 0, ""},
		{&run.SignalError{Signal: syscall.SIGTERM}, 0, ""},
		{flag.ErrHelp, 0, ""},
		{errors.New("no room"), 1, "app: no room\n"},
		{demo.Usage("give both"), 2, "app: usage: give both (-h lists the flags)\n"},
	} {
		is := is.New(t)
		var says bytes.Buffer
		is.Equal(demo.Exit("app", c.err, &says), c.status)
		is.Equal(says.String(), c.says)
	}
}

func TestTheWellKnownSecretStaysOnThisMachine(t *testing.T) {
	is := is.New(t)
	t.Setenv("QUARTET_SECRET", "")
	log := slog.New(slog.DiscardHandler)
	for endpoint, near := range map[string]bool{
		"ipc://run/slow": true, "tcp://127.0.0.1:7000": true, "tcp://[::1]:7000": true, "tls+tcp://localhost:7000": true,
		"tcp://*:7000": false, "tcp://0.0.0.0:7000": false, "tcp://10.1.2.3:7000": false, "tls+tcp://db.example:7000": false,
	} {
		mesh := demo.Mesh{Addr: service.Addr{Requests: endpoint, Responses: endpoint}}
		_, err := mesh.Secret(log)
		is.Equal(err == nil, near) // whom it can reach decides
		mesh = demo.Mesh{Addr: service.Addr{Requests: "ipc://run/slow", Responses: "ipc://run/slow_response"}, Also: []service.Addr{mesh.Addr}}
		_, err = mesh.Secret(log)
		is.Equal(err == nil, near) // by any address
	}
}

func TestSecret(t *testing.T) {
	const passphrase = "correct horse battery staple"
	is := is.New(t)
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))

	t.Setenv("QUARTET_SECRET", "")
	_, err := (&demo.Mesh{SecretFile: ""}).Secret(log)
	is.NoErr(err)
	is.True(strings.Contains(logged.String(), "level=WARN"))        // the well-known one is warned of
	is.True(!strings.Contains(logged.String(), "my_shared_secret")) // and not told
	logged.Reset()

	file := filepath.Join(t.TempDir(), "secret")
	is.NoErr(os.WriteFile(file, []byte(passphrase), 0o600))
	t.Setenv("QUARTET_SECRET", "short") // the file wins, or this would be an error
	_, err = (&demo.Mesh{SecretFile: file}).Secret(log)
	is.NoErr(err)
	_, err = (&demo.Mesh{SecretFile: ""}).Secret(log)
	is.True(err != nil && strings.Contains(err.Error(), "QUARTET_SECRET")) // where the bad one is
	t.Setenv("QUARTET_SECRET", passphrase)
	_, err = (&demo.Mesh{SecretFile: ""}).Secret(log)
	is.NoErr(err)
	_, err = (&demo.Mesh{SecretFile: file + ".missing"}).Secret(log)
	is.True(err != nil && strings.Contains(err.Error(), "-secret-file")) // a file that was named must be there
	is.Equal(logged.String(), "")
}

func TestLoggerWithoutTerminal(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var logged bytes.Buffer
	demo.Logger("app", &logged).Info("response", "text", "two\nlines\x1b[31m")
	is.Equal(strings.Count(logged.String(), "\n"), 1) // one event is one line
	is.True(strings.Contains(logged.String(), `from=app text="two\nlines\x1b[31m"`))
}

func TestServe(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	listener, err := demo.Listen("127.0.0.1:0")
	is.NoErr(err)
	url := demo.URL(listener)
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	drained := 0
	execute, interrupt := demo.Serve(pages, listener, func(context.Context) {
		drained++
		answer, err := client.Get(url) // whoever comes now still hears something
		is.NoErr(err)
		answer.Body.Close()
		is.Equal(answer.StatusCode, http.StatusTeapot)
	}, slog.New(slog.DiscardHandler))
	ended := make(chan error)
	go func() { ended <- execute() }()
	interrupt(nil)
	is.Equal(<-ended, http.ErrServerClosed)
	is.Equal(drained, 1)
	_, err = client.Get(url)
	is.True(err != nil) // nobody listens any more
}

func TestListen(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	defer taken.Close()
	_, err = demo.Listen(taken.Addr().String())
	is.True(err != nil && strings.Contains(err.Error(), "-http 127.0.0.1:0")) // says how to choose another

	everywhere, err := demo.Listen(":0")
	is.NoErr(err)
	defer everywhere.Close()
	is.True(strings.HasPrefix(demo.URL(everywhere), "http://localhost:")) // an address that a browser takes
}
