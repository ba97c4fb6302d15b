package service_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"quartet/handler"
	"quartet/service"
)

// Two hosts of our own: the test runs itself again in namespaces of its own (the app's host), and from there once
// more in another network namespace (the service's host). A veth pair is the cable. Nothing is left behind: all of
// it ends with the processes.

const (
	netnsRole  = "QUARTET_TEST_NETNS" // which host a process is: "app" or "service"; empty: none, it is the test
	netnsName  = "service.test"       // in /etc/hosts of both
	appHost    = "10.77.0.1"
	firstHost  = "10.77.0.2" // the service's
	secondHost = "10.77.0.3" // the service's, later
)

const (
	deadTime = 3 * time.Second // DefaultDead of package transport
	slack    = 1500 * time.Millisecond
	cutTime  = 5 * time.Second
)

// onTwoHosts runs a test on the app's host; it is called on all of them.
func onTwoHosts(t *testing.T, test func(t *testing.T, far *farHost)) {
	switch os.Getenv(netnsRole) {
	case "app":
		test(t, startFarHost(t))
	case "service":
		serveFarHost(t)
	default:
		for tool, pkg := range map[string]string{"ip": "iproute2", "unshare": "util-linux", "mount": "mount"} {
			if _, err := exec.LookPath(tool); err != nil {
				t.Fatalf("no %s: apt-get install -y %s", tool, pkg)
			}
		}
		namespaces := []string{"--net", "--mount"}
		if os.Geteuid() != 0 {
			namespaces = append(namespaces, "--user", "--map-root-user")
		}
		if out, err := exec.Command("unshare", append(namespaces, "true")...).CombinedOutput(); err != nil {
			t.Fatalf("this test needs namespaces of its own: run it as root, or allow them with\n"+
				"    sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_net_namespaces=100 kernel.apparmor_restrict_unprivileged_userns=0\n"+
				"(those of the three that the system knows): %v: %s", err, out)
		}
		cmd := exec.CommandContext(t.Context(), "unshare", append(namespaces, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+netnsLimit(t).String())...)
		cmd.Env = append(os.Environ(), netnsRole+"=app")
		out, err := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if err != nil || strings.Contains(line, "_linux_test.go:") {
				t.Log(strings.TrimSpace(line))
			}
		}
		if err != nil {
			t.Fatalf("on the app's host: %v", err)
		}
	}
}

// netnsLimit is how long the processes on both hosts may take.
func netnsLimit(t testing.TB) time.Duration {
	return 90*time.Second + time.Duration(len(cableFaults))*cableFor(t)
}

// sh runs a command line that must succeed.
func sh(t testing.TB, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// farHost is the service's host, seen from the app's.
type farHost struct {
	t     *testing.T
	pid   int
	hosts string // the file that is /etc/hosts
	in    io.Writer
	out   *bufio.Scanner
	said  []string // by the last command
}

func startFarHost(t *testing.T) *farHost {
	t.Helper()
	h := &farHost{t: t, hosts: filepath.Join(t.TempDir(), "hosts")}
	h.name(firstHost)
	sh(t, "mount --bind "+h.hosts+" /etc/hosts")
	cmd := exec.Command("unshare", "--net", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout="+netnsLimit(t).String())
	cmd.Env = append(os.Environ(), netnsRole+"=service")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	tcpNoErr(t, err)
	out, err := cmd.StdoutPipe()
	tcpNoErr(t, err)
	tcpNoErr(t, cmd.Start())
	h.pid, h.in, h.out = cmd.Process.Pid, in, bufio.NewScanner(out)
	t.Cleanup(func() {
		in.Close()
		rest := ""
		for h.out.Scan() {
			rest += h.out.Text() + "\n"
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("on the service's host: %v\n%s", err, rest)
		}
	})
	h.expect("started")
	sh(t, "ip link set lo up")
	sh(t, "ip link add cable type veth peer name cable netns "+strconv.Itoa(h.pid))
	sh(t, "ip addr add "+appHost+"/24 dev cable")
	sh(t, "ip link set cable up")
	return h
}

// name gives the service's host its address in /etc/hosts.
func (h *farHost) name(address string) {
	h.t.Helper()
	tcpNoErr(h.t, os.WriteFile(h.hosts, fmt.Appendf(nil, "127.0.0.1 localhost\n%s %s\n", address, netnsName), 0o644))
}

// do has a command line run on the service's host.
func (h *farHost) do(line string) {
	h.t.Helper()
	_, err := fmt.Fprintln(h.in, line)
	tcpNoErr(h.t, err)
	h.expect("done " + line)
}

func (h *farHost) expect(want string) {
	h.t.Helper()
	h.said = nil
	for h.out.Scan() {
		if h.out.Text() == want {
			return
		}
		h.said = append(h.said, h.out.Text())
	}
	h.t.Fatalf("the service's host ended before %q: %v", want, h.said)
}

// serveFarHost is the service's host: it runs what it reads, and a service at the word serve.
func serveFarHost(t *testing.T) {
	fmt.Println("started")
	book := newLedger()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		line := in.Text()
		name, rest, serve := strings.Cut(line, " serves ")
		switch {
		case serve:
			var a service.Addr
			_, err := fmt.Sscan(rest, &a.Requests, &a.Responses, &a.ServiceBinds)
			tcpNoErr(t, err)
			srv := service.NewServer(name, netnsWork(book), service.WithSecret(secret))
			done := make(chan error, 1)
			go func() { done <- srv.Serve(a) }()
			t.Cleanup(func() {
				srv.Close()
				if err := <-done; !errors.Is(err, service.ErrClosed) {
					t.Errorf("serve: %v", err)
				}
			})
		case line == "executed":
			book.each(func(n uint64, e *entry) { fmt.Println("executed", n, e.executed) })
		default:
			sh(t, line)
		}
		fmt.Println("done", line)
	}
}

// netnsWork answers at once, or at the path /slow not before its caller is gone; at /ledger it keeps book.
func netnsWork(book *ledger) handler.Handler {
	noted := book.work(func(context.Context) error { return nil })
	return handler.Func(func(ctx context.Context, r *handler.Request) (*handler.Response, error) {
		switch r.Path {
		case "/ledger":
			return noted.Serve(ctx, r)
		case "/slow":
			<-ctx.Done()
		}
		return handler.Text("done"), nil
	})
}

func (h *farHost) up() {
	h.t.Helper()
	h.do("ip link set lo up")
	h.do("ip addr add " + firstHost + "/24 dev cable")
	h.do("ip link set cable up")
}

func (h *farHost) serve(name string, a service.Addr) {
	h.t.Helper()
	h.do(fmt.Sprint(name, " serves ", a.Requests, " ", a.Responses, " ", a.ServiceBinds))
}
