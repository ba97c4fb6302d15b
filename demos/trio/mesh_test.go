package trio_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Keys are 64 hex digits, which no process has to stretch first.
const (
	key      = "5f0c2a9d7b3e1846af90cd3b7e62f815094d8ab1c7e3f65a2b9d0c4e7f813a6d"
	otherKey = "e1b7904c35fa2d68b0c97f13a4d5e2860f9b3c7d1a48e6520d7bf9c38e4a6152"
)

// secrets are the keys, and the tokens that are derived from them for ipc, as text.
func secrets() []string {
	all := []string{key, otherKey}
	for _, k := range []string{key, otherKey} {
		raw, _ := hex.DecodeString(k)
		all = append(all, string(raw))
		for _, dialler := range []string{"app", "instance"} {
			for _, kind := range []string{"requests", "responses"} {
				token, err := hkdf.Key(sha256.New, raw, nil, "quartet/1 plain "+dialler+" "+kind, 32)
				if err != nil {
					panic(err)
				}
				all = append(all, hex.EncodeToString(token))
			}
		}
	}
	return all
}

// mesh is where app and service meet.
type mesh struct {
	t            *testing.T
	flags        []string
	key          string // file
	serviceBinds bool
}

// newMesh has sockets of its own. Its directory's name is short, for the path of a socket must be.
func newMesh(t *testing.T, serviceBinds bool) mesh {
	t.Helper()
	dir, err := os.MkdirTemp("", "q")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	requests, responses := "ipc://"+filepath.Join(dir, "q"), "ipc://"+filepath.Join(dir, "r")
	if overTCP {
		requests, responses = freePort(t), freePort(t)
	}
	return mesh{t, []string{
		"-requests", requests, "-responses", responses, fmt.Sprintf("-service-binds=%v", serviceBinds),
	}, keyFile(t, key), serviceBinds}
}

// overTCP runs the same tests over tcp: QUARTET_TRIO=tcp go test ./demos/trio
var overTCP = os.Getenv("QUARTET_TRIO") == "tcp"

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return "tcp://" + ln.Addr().String()
}

func keyFile(t *testing.T, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// with is the same place with another secret.
func (m mesh) with(key string) mesh {
	m.key = keyFile(m.t, key)
	return m
}

func (m mesh) app() *process {
	m.t.Helper()
	return run(m.t, "app", append([]string{"-http", "127.0.0.1:0", "-secret-file", m.key}, m.flags...)...)
}

func (m mesh) service() *process {
	m.t.Helper()
	return run(m.t, "service", append([]string{"-delay", "1ms", "-secret-file", m.key}, m.flags...)...)
}

// both starts app and service and waits until they have met.
func (m mesh) both() (app, service *process, s site) {
	m.t.Helper()
	app, service = m.app(), m.service()
	s = app.url()
	await(m.t, "app and service meet", func() bool { return s.get("/readyz").status == 200 })
	return app, service, s
}

// eachBinding runs a test with the app listening and with the service listening.
func eachBinding(t *testing.T, parallel bool, test func(t *testing.T, m mesh)) {
	for _, serviceBinds := range []bool{false, true} {
		t.Run(fmt.Sprintf("service-binds=%v", serviceBinds), func(t *testing.T) {
			if parallel {
				t.Parallel()
			}
			test(t, newMesh(t, serviceBinds))
		})
	}
}
