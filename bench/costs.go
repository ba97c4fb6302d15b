package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"text/tabwriter"

	"quartet/bench/peer"
	"quartet/bench/stats"
	"quartet/bench/usage"
)

// usual are the system calls that have a column of their own.
var usual = []string{"read", "write", "epoll_pwait", "futex", "nanosleep"}

// sides are the processes of a run, by role.
var sides = []struct{ role, name string }{{calls, "app"}, {"server", "service"}}

// printCosts prints what a call costs each side: first counted by the kernel and the runtime, with nothing in the way;
// then by strace, which knows every system call but slows all of them down.
func (o *options) printCosts(w io.Writer) error {
	if _, err := exec.LookPath("strace"); err != nil {
		return errors.New("strace is not installed")
	}
	l, err := newLab(o.warm, o.time, "")
	if err != nil {
		return err
	}
	defer func() { _ = l.close() }()
	callers := []int{1, 64, manyCallers}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "What one call costs: Quartet, ipc, 64 B, closed loop\n\t\tcalls made\treads\twrites\tsleeps\tprocessor, µs\tallocations\n")
	for _, n := range callers {
		if err := l.printUsage(t, n); err != nil {
			return err
		}
	}
	fmt.Fprintf(t, "\nSystem calls of one call, under strace, which slows everything down; without those of start and end\n\t\tcalls made")
	for _, name := range append(usual, "others", "all", "most of the others") {
		fmt.Fprintf(t, "\t%s", name)
	}
	fmt.Fprintln(t)
	for _, n := range callers {
		if err := l.printSyscalls(t, n); err != nil {
			return err
		}
	}
	return t.Flush()
}

// costly is the run whose costs are told.
func costly(callers int) cell {
	return cell{peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: callers}
}

func callersOf(n int) string {
	if n == 1 {
		return "1 caller"
	}
	return thousands(n) + " callers"
}

// printUsage prints a line for each side of a run.
func (l *lab) printUsage(w io.Writer, callers int) error {
	var s stage
	defer s.stop()
	work, err := l.assemble(&s, costly(callers))
	if err != nil {
		return err
	}
	before, err := usages(s.servers)
	if err != nil {
		return err
	}
	samples, err := results(s.clients, work.Warm+work.Time)
	if err != nil {
		return err
	}
	app, errApp := usages(s.clients) // since they were told to go
	after, err := usages(s.servers)
	if err = errors.Join(errApp, err); err != nil {
		return err
	}
	made := samples[0][stats.Calls]
	for i, u := range []usage.Usage{app, after.Since(before)} {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.1f\t%.1f\n", callersOf(callers), sides[i].name, made, float64(u.Reads)/made,
			float64(u.Writes)/made, float64(u.Switches)/made, float64(u.CPU.Nanoseconds())/1e3/made, float64(u.Mallocs)/made)
	}
	return nil
}

// printSyscalls prints a line for each side of a run under strace.
func (l *lab) printSyscalls(w io.Writer, callers int) error {
	_, idle, err := l.traced(callers, false)
	if err != nil {
		return err
	}
	made, counts, err := l.traced(callers, true)
	if err != nil {
		return err
	}
	for i, side := range sides {
		each := counts[i].each(made, idle[i])
		fmt.Fprintf(w, "%s\t%s\t%.0f", callersOf(callers), side.name, made)
		all := each.total()
		for _, name := range usual {
			fmt.Fprintf(w, "\t%.2f", each[name])
			delete(each, name)
		}
		name, most := each.largest()
		fmt.Fprintf(w, "\t%.2f\t%.2f\t%s %.2f\n", each.total(), all, name, most)
	}
	return nil
}

// traced runs both sides under strace, and gives the calls that were made, if they shall be, and the system calls of each
// side.
func (l *lab) traced(callers int, call bool) (made float64, counts []syscalls, err error) {
	traced := *l
	if traced.trace, err = l.newDir(); err != nil {
		return 0, nil, err
	}
	if made, err = traced.callOnce(callers, call); err != nil {
		return 0, nil, err
	}
	for _, side := range sides {
		of, err := readStrace(filepath.Join(traced.trace, side.role))
		if err != nil {
			return 0, nil, err
		}
		counts = append(counts, of)
	}
	return made, counts, nil
}

// callOnce is a run that ends with its processes.
func (l *lab) callOnce(callers int, call bool) (made float64, err error) {
	var s stage
	defer s.stop()
	work, err := l.assemble(&s, costly(callers))
	if err != nil || !call {
		return 0, err
	}
	samples, err := results(s.clients, work.Warm+work.Time)
	if err != nil {
		return 0, err
	}
	return samples[0][stats.Calls], nil
}
