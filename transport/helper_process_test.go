package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// helperEnv makes the test binary a helper process: what it names is done instead of the tests.
const helperEnv = "QUARTET_TEST_HELPER"

// helpers write a line when they are ready and end when their standard input does.
var helpers = map[string]func(args []string) error{
	// bind ADDRESS...: listens, as the library does.
	"bind": func(args []string) error {
		cfg := Config{Side: App, Secret: testSecret, Accept: func(*Peer) Receiver { return nil }}
		addr, err := ParseAddr(args[0], args[1])
		if err != nil {
			return err
		}
		l, err := Listen(addr, cfg)
		if err != nil {
			return err
		}
		defer l.Close()
		return report("bound")
	},
	// squat PATH: listens for all and tells what the first two connections sent.
	"squat": func(args []string) error {
		ln, err := net.Listen("unix", args[0])
		if err != nil {
			return err
		}
		if err := os.Chmod(args[0], 0o666); err != nil {
			return err
		}
		fmt.Println("squatting as", os.Geteuid())
		for range 2 {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			c.Write(rawGreeting("PLAIN"))
			got, _ := io.ReadAll(c)
			fmt.Printf("got %q\n", got)
		}
		return untilKilled()
	},
}

func report(line string) error {
	fmt.Println(line)
	return untilKilled()
}

// untilKilled keeps the process, and what it holds, until the test ends it or is gone.
func untilKilled() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// runHelper is called before any test.
func runHelper() {
	name := os.Getenv(helperEnv)
	if name == "" {
		return
	}
	if err := helpers[name](os.Args[1:]); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// helper is another process, of this binary.
type helper struct {
	cmd   *exec.Cmd
	lines *bufio.Reader
	stdin io.Closer
}

// startHelper starts one; change may be nil.
func startHelper(tb testing.TB, change func(*exec.Cmd), name string, args ...string) *helper {
	tb.Helper()
	is := is.New(tb)
	self, err := os.Executable()
	is.NoErr(err)
	h := &helper{cmd: exec.Command(self, args...)}
	h.cmd.Env = append(os.Environ(), helperEnv+"="+name)
	h.cmd.Stderr = os.Stderr
	h.stdin, err = h.cmd.StdinPipe()
	is.NoErr(err)
	out, err := h.cmd.StdoutPipe()
	is.NoErr(err)
	h.lines = bufio.NewReader(out)
	if change != nil {
		change(h.cmd)
	}
	is.NoErr(h.cmd.Start())
	tb.Cleanup(func() { h.stdin.Close(); h.cmd.Process.Kill(); h.cmd.Wait() })
	return h
}

// line waits for the next line; "" at the end.
func (h *helper) line() string {
	text, _ := h.lines.ReadString('\n')
	return strings.TrimSuffix(text, "\n")
}
