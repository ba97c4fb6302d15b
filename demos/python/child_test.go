package python_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"quartet/service"
)

// A test that kills a Go side needs it in a process of its own: this test's program, started again.
const (
	childRole = "QUARTET_TEST_CHILD" // server or client
	childAddr = "QUARTET_TEST_ADDR"
	childDid  = "QUARTET_TEST_DID" // the file that it notes its work in
)

// childProcess is a Go side that can be killed.
type childProcess struct {
	*process
	file string
}

func (m *mesh) child(t *testing.T, role string) childProcess {
	t.Helper()
	addr, err := json.Marshal(m.addr)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(shortDir(t), "did")
	return childProcess{start(t, exec.Command(os.Args[0]), childRole+"="+role, childAddr+"="+string(addr), childDid+"="+file,
		"QUARTET_SECRET="+m.secret), file}
}

// did lists the calls that it has executed, or had answered.
func (c childProcess) did(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(c.file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// child is the main of such a process; it runs until it is killed.
func child() int {
	err := func() error {
		var addr service.Addr
		if err := json.Unmarshal([]byte(os.Getenv(childAddr)), &addr); err != nil {
			return err
		}
		secret, err := service.ParseSecret([]byte(os.Getenv("QUARTET_SECRET")))
		if err != nil {
			return err
		}
		did, err := os.OpenFile(os.Getenv(childDid), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		note := func(call string) { fmt.Fprintln(did, call) } // one write each, so that a kill cuts none in two
		if os.Getenv(childRole) == "server" {
			return service.NewServer(slow, echo(note), service.WithSecret(secret), heartbeat).Serve(addr)
		}
		client := service.NewClient(service.WithSecret(secret), heartbeat)
		if err := client.Register(slow, []service.Addr{addr}); err != nil {
			return err
		}
		for range 32 {
			go func() {
				for number := 0; ; number++ {
					if call(context.Background(), client, number, "5ms") == nil {
						note(fmt.Sprint(number))
					}
				}
			}()
		}
		select {}
	}()
	fmt.Fprintln(os.Stderr, err)
	return 1
}
