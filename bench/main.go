// Command bench measures Quartet and what a user would pick instead, side by side: the same work, the same machine, in
// turn. README.md says what is compared and on what terms.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"

	"quartet/bench/child"
	"quartet/bench/report"
)

func main() {
	var j job
	parent, isChild, err := child.Job(&j)
	if isChild {
		if err == nil {
			err = j.run(parent)
		}
		if err != nil {
			parent.Fail(err)
			os.Exit(1)
		}
		return
	}
	signal.Ignore(syscall.SIGPIPE) // so that it tidies up behind itself even where nobody reads its table
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	full    bool
	rounds  int
	time    time.Duration
	warm    time.Duration
	only    string
	who     string
	out     string
	profile string
	list    bool
	compare bool
	costs   bool
}

func run(args []string) error {
	var o options
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.BoolVar(&o.full, "full", false, "everything: half an hour instead of two minutes")
	f.IntVar(&o.rounds, "rounds", 5, "how often each contestant is run")
	f.DurationVar(&o.time, "time", 0, "of one measurement (default 500ms, 1s with -full)")
	f.DurationVar(&o.warm, "warm", 0, "of warming up before it (default 150ms, 300ms with -full)")
	f.StringVar(&o.only, "only", "", "a regular expression: only the groups whose id matches")
	f.StringVar(&o.who, "who", "", "a regular expression: only the contestants whose name matches")
	f.StringVar(&o.out, "out", ".cache/bench", "the directory for results.json, table.txt and rates.svg")
	f.StringVar(&o.profile, "profile", "", "a directory for CPU profiles of Quartet's processes")
	f.BoolVar(&o.list, "list", false, "print the ids of the groups and stop")
	f.BoolVar(&o.compare, "compare", false, "compare the two results.json that are named, and stop")
	f.BoolVar(&o.costs, "costs", false, "print what a call of Quartet costs each side: system calls (by strace), processor, allocations; and stop")
	_ = f.Parse(args) // exits by itself
	o.setLengths()
	switch {
	case o.compare:
		return compare(f.Args())
	case f.NArg() > 0:
		return fmt.Errorf("what is %q?", f.Args())
	case o.costs:
		return o.printCosts(os.Stdout)
	}
	return o.measure()
}

// setLengths fills in what the command line left open.
func (o *options) setLengths() {
	usual, warm := 500*time.Millisecond, 150*time.Millisecond
	if o.full {
		usual, warm = time.Second, 300*time.Millisecond
	}
	if o.time <= 0 {
		o.time = usual
	}
	if o.warm <= 0 {
		o.warm = warm
	}
}

// measure runs what was asked for and writes the reports. Whatever failed makes it an error, after that.
func (o *options) measure() error {
	for _, dir := range []string{o.out, o.profile} {
		if err := os.MkdirAll(dir, 0o755); dir != "" && err != nil {
			return err
		}
	}
	lab, err := newLab(o.warm, o.time, o.profile)
	if err != nil {
		return err
	}
	defer func() { _ = lab.close() }()
	p := planner{lab: lab}
	groups := p.quick()
	form := "quick"
	if o.full {
		groups, form = p.full(), "full"
	}
	if groups, err = o.chosen(groups); err != nil || o.list {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := &report.Run{
		Form: form, Began: time.Now(), Machine: report.ThisMachine(), Rounds: o.rounds, Warm: o.warm, Time: o.time, Notes: p.notes,
	}
	if err := runAll(ctx, r, groups, newProgress(groups, o.rounds)); err != nil {
		return err
	}
	r.Took = time.Since(r.Began)
	return errors.Join(write(o.out, r), failures(r))
}

// chosen leaves the groups and contestants that match, and prints the groups if that is all that was asked for.
func (o *options) chosen(groups []group) ([]group, error) {
	pattern, err := regexp.Compile(o.only)
	who, errWho := regexp.Compile(o.who)
	if err = errors.Join(err, errWho); err != nil {
		return nil, err
	}
	var chosen []group
	for _, g := range groups {
		g.contestants = slices.DeleteFunc(g.contestants, func(c contestant) bool { return !who.MatchString(c.name) })
		if !pattern.MatchString(g.id) || len(g.contestants) == 0 {
			continue
		}
		chosen = append(chosen, g)
		if o.list {
			fmt.Printf("%-16s %s\n", g.id, g.title)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no group matches %q, or none of its contestants %q; -list names the groups", o.only, o.who)
	}
	return chosen, nil
}

// runAll runs group after group, each in rounds.
func runAll(ctx context.Context, r *report.Run, groups []group, p *progress) error {
	for i := range groups {
		g := &groups[i]
		found := report.Group{ID: g.id, Title: g.title, Unit: g.unit, Size: g.size, Series: make([]report.Series, len(g.contestants))}
		for round := range r.Rounds {
			for j, c := range g.contestants {
				p.about(g, c.name, round+1, r.Rounds)
				sample, err := c.run(ctx)
				if ctx.Err() != nil {
					p.clear()
					return errors.New("interrupted")
				}
				found.Series[j].Name = c.name
				found.Series[j].Add(sample, err)
				p.done++
			}
		}
		r.Groups = append(r.Groups, found)
	}
	p.clear()
	return nil
}

func newProgress(groups []group, rounds int) *progress {
	p := &progress{w: os.Stderr, began: time.Now()}
	for i := range groups {
		p.total += rounds * len(groups[i].contestants)
	}
	if info, err := os.Stderr.Stat(); err == nil {
		p.terminal = info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// failures makes an error of the runs that failed.
func failures(r *report.Run) error {
	n := 0
	for _, g := range r.Groups {
		for _, s := range g.Series {
			n += len(s.Failures)
		}
	}
	if n > 0 {
		return fmt.Errorf("%d runs failed, see above", n)
	}
	return nil
}
