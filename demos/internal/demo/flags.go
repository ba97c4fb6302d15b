// Package demo is what the mains of the demos share: flags, the secret, logs, the web server and its actors.
package demo

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/oklog/run"

	"quartet/service"
)

// errUsage is a command line that cannot be; what is wrong with it was printed already.
var errUsage = errors.New("usage")

// Flags returns the flag set of a program; about is what `-h` says before it lists the flags.
func Flags(program, about string) *flag.FlagSet {
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Usage: %s [flags]\n\n%s\n\nFlags:\n", program, strings.TrimSpace(about))
		flags.PrintDefaults()
	}
	return flags
}

// Parse reads the arguments. It prints help that was asked for to stdout, complaints to stderr.
func Parse(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	var out strings.Builder // which of the two it is for is known only afterwards
	flags.SetOutput(&out)
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		fmt.Fprintf(&out, "%s takes no arguments, only flags: %q (-h lists them)\n", flags.Name(), flags.Args())
		err = errUsage
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, out.String())
		return err
	case err != nil:
		fmt.Fprint(stderr, out.String())
		return errUsage
	}
	return nil
}

// Exit returns the status that a program ends with after err, and says on stderr what needs saying: asking for help
// and being told to stop are no errors.
func Exit(program string, err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, run.ErrSignal), errors.Is(err, flag.ErrHelp):
		return 0
	case err == errUsage:
		return 2
	}
	fmt.Fprintf(stderr, "%s: %v\n", program, err)
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

// Usage is the error of flags that do not go together; what says how they do.
func Usage(what string) error { return fmt.Errorf("%w: %s (-h lists the flags)", errUsage, what) }

// Mesh are the flags of the two processes that talk to each other; both are given the same values. What Addr holds
// before Flags is their default, and without that it is where app and service meet.
type Mesh struct {
	Addr       service.Addr
	Also       []service.Addr // that the same secret has to be good for
	SecretFile string
	TLS        service.TLSFiles
}

// Flags adds them to a flag set.
func (m *Mesh) Flags(flags *flag.FlagSet) { m.FlagsOf(flags, "app", "service") }

// FlagsOf is Flags for a program that calls itself, or is called, something else.
func (m *Mesh) FlagsOf(flags *flag.FlagSet, caller, called string) {
	flags.StringVar(&m.Addr.Requests, "requests", cmp.Or(m.Addr.Requests, "ipc://run/slow"),
		"`endpoint` that requests travel over: ipc://path, tcp://host:port or tls+tcp://host:port")
	flags.StringVar(&m.Addr.Responses, "responses", cmp.Or(m.Addr.Responses, "ipc://run/slow_response"),
		"`endpoint` that responses travel over")
	flags.BoolVar(&m.Addr.ServiceBinds, "service-binds", m.Addr.ServiceBinds,
		fmt.Sprintf("the %[2]s listens on both endpoints and any %[1]s dials it; else the %[1]s listens", caller, called))
	flags.StringVar(&m.SecretFile, "secret-file", "",
		"`file` with the secret that all processes share, looked at again every second; else $QUARTET_SECRET, else the well-known one of the demos")
	flags.StringVar(&m.TLS.Cert, "tls-cert", "", "`file` with this side's certificate for tls+tcp; who listens needs one")
	flags.StringVar(&m.TLS.Key, "tls-key", "", "`file` with its key")
	flags.StringVar(&m.TLS.CA, "tls-ca", "",
		"`file` with the roots of the other side's certificate; who listens demands one of everybody if this is given")
}
