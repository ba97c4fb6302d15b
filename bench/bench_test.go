package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"quartet/bench/child"
	"quartet/bench/peer"
	"quartet/bench/report"
	"quartet/bench/stats"

	"github.com/matryer/is"
)

// TestMain lets the runs of the tests have this program as their children.
func TestMain(m *testing.M) {
	var j job
	parent, isChild, err := child.Job(&j)
	if !isChild {
		os.Exit(m.Run())
	}
	if err == nil {
		err = j.run(parent)
	}
	if err != nil {
		parent.Fail(err)
	}
}

func testLab(t *testing.T) *lab {
	t.Helper()
	l, err := newLab(10*time.Millisecond, 30*time.Millisecond, "")
	is.New(t).NoErr(err)
	t.Cleanup(func() { _ = l.close() })
	return l
}

func TestRunsInProcessesOfTheirOwn(t *testing.T) {
	l := testLab(t)
	for name, c := range map[string]cell{
		"calls":          {peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: 8},
		"CURVE":          {peer: "quartet", transport: peer.TCP, role: calls, size: 64, callers: 8},
		"TLS":            {peer: "quartet", transport: peer.TLS, role: calls, size: 64, callers: 8},
		"inproc":         {peer: "quartet", transport: peer.Inproc, role: calls, size: 64, callers: 8},
		"sends":          {peer: "quartet", transport: peer.IPC, role: sends, size: 64, callers: 8},
		"instances":      {peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: 8, instances: 3},
		"apps":           {peer: "quartet", transport: peer.IPC, role: calls, size: 64, callers: 8, apps: 2},
		"open":           {peer: "raw", transport: peer.IPC, role: open, size: 64, callers: 8, rate: 1000},
		"with a broker":  {peer: "nats", transport: peer.IPC, role: calls, size: 64, callers: 8},
		"something else": {peer: "grpc", transport: peer.TLS, role: calls, size: 64, callers: 8},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			s, err := l.run(context.Background(), c)
			is.NoErr(err)
			is.True(s[stats.Rate] > 0)
			is.Equal(s[stats.Errors], 0.0)
			_, counted := s[stats.Allocs]
			is.Equal(counted, c.role != open) // allocations of both sides, or of none
			is.True(s[stats.Calls] > 0)
		})
	}
}

func TestARunThatFailsSaysSo(t *testing.T) {
	is := is.New(t)
	l := testLab(t)
	r := &report.Run{Rounds: 2}
	g := group{id: "g", contestants: []contestant{
		{"none", func(ctx context.Context) (stats.Sample, error) { return l.run(ctx, cell{peer: "nobody"}) }},
		{"some", func(context.Context) (stats.Sample, error) { return stats.Sample{stats.Rate: 1}, nil }},
	}}
	is.NoErr(runAll(context.Background(), r, []group{g}, &progress{w: t.Output()}))
	is.True(failures(r) != nil)
	is.Equal(len(r.Groups[0].Series[0].Failures), 2)
	is.Equal(len(r.Groups[0].Series[1].Samples), 2) // the others go on
}

// allNames maps the ids of groups to the names of their contestants. It leaves out what the machine has no tools for.
func allNames(groups []group) map[string][]string {
	all := map[string][]string{}
	for _, g := range groups {
		for _, c := range g.contestants {
			all[g.id] = append(all[g.id], c.name)
		}
	}
	return all
}

func TestTheFullFormMeasuresEveryAim(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := planner{lab: &lab{}}
	all := allNames(p.full())
	tools := []string{nLibzmq, nLibzmqC} // which are not there without make bench
	for _, a := range aims {
		if a.Group == "http" && len(all[a.Group]) == 0 {
			continue
		}
		for _, name := range append([]string{a.Series}, a.Against...) {
			if !slices.Contains(all[a.Group], name) && !slices.Contains(tools, name) {
				t.Errorf("%s, %s: no %q in the group %q", a.Topic, a.Text, name, a.Group)
			}
		}
	}
	for _, panel := range panels {
		is.True(panel.Group == "http" || all[panel.Group] != nil) // it is drawn
	}
}

func TestTheQuickFormIsPartOfTheFull(t *testing.T) {
	t.Parallel()
	p := planner{lab: &lab{}}
	full := allNames(p.full())
	for id, some := range allNames(p.quick()) {
		for _, name := range some {
			is.New(t).True(slices.Contains(full[id], name)) // so that two forms can be compared
		}
	}
}

func TestOnlyChoosesGroups(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := planner{lab: &lab{}}
	o := options{only: "^ipc/64/"}
	chosen, err := o.chosen(p.full())
	is.NoErr(err)
	is.Equal(slices.Sorted(maps.Keys(allNames(chosen))), []string{"ipc/64/1", "ipc/64/1024", "ipc/64/64"})
	o.who = "^Quartet$"
	chosen, err = o.chosen(p.full())
	is.NoErr(err)
	is.Equal(allNames(chosen)["ipc/64/64"], []string{nQuartet})
	for _, none := range []options{{only: "nothing like it"}, {who: "nobody"}, {only: "("}} {
		_, err = none.chosen(p.full())
		is.True(err != nil)
	}
}

func TestEverythingIsWritten(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := report.Series{Name: nQuartet}
	s.Add(stats.Sample{stats.Rate: 1000, stats.P50: 1, stats.P99: 2}, nil)
	r := &report.Run{Form: "quick", Groups: []report.Group{{ID: "ipc/64/64", Title: "t", Unit: "calls", Series: []report.Series{s}}}}
	is.NoErr(write(dir, r))
	for _, name := range []string{"table.txt", "results.json", "rates.svg"} {
		info, err := os.Stat(filepath.Join(dir, name))
		is.NoErr(err)
		is.True(info.Size() > 0)
	}
	file := filepath.Join(dir, "results.json")
	is.NoErr(compare([]string{file, file}))
	is.True(compare([]string{file}) != nil)
}
