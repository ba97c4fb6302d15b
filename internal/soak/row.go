package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// row is what was seen at one moment. Counts are those since the row before.
type row struct {
	at        time.Duration // since the beginning
	calls     int
	ends      ends
	moves     int // instances that left and came back
	app, host sample
	p50, p99  time.Duration
}

// column is one of a row, in the table and in the file.
type column struct {
	name  string
	width int
	value func(row) string
}

func mib(n int) string { return strconv.FormatFloat(float64(n)/(1<<20), 'f', 2, 64) }

func millis(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64)
}

// columns lists all: of each process goroutines, descriptors, MiB of heap after a collection, MiB of RSS.
var columns = func() []column {
	number := func(name string, of func(row) int) column {
		return column{name, len(name), func(r row) string { return strconv.Itoa(of(r)) }}
	}
	all := []column{
		{"elapsed", 8, func(r row) string { return r.at.Round(time.Second).String() }},
		number("calls", func(r row) int { return r.calls }),
	}
	for i, k := range kinds {
		all = append(all, number(k.name, func(r row) int { return r.ends[i] }))
	}
	all = append(all, number("moves", func(r row) int { return r.moves }))
	for _, p := range []struct {
		name string
		of   func(row) sample
	}{{"app", func(r row) sample { return r.app }}, {"host", func(r row) sample { return r.host }}} {
		all = append(all,
			number(p.name+".gor", func(r row) int { return p.of(r).Goroutines }),
			number(p.name+".fds", func(r row) int { return p.of(r).Descriptors }),
			column{p.name + ".heap", 9, func(r row) string { return mib(p.of(r).Heap) }},
			column{p.name + ".rss", 8, func(r row) string { return mib(p.of(r).RSS) }},
		)
	}
	return append(all, column{"p50ms", 6, func(r row) string { return millis(r.p50) }}, column{"p99ms", 6, func(r row) string { return millis(r.p99) }})
}()

// header is the head of the table.
func header() string {
	var line strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&line, "%*s ", c.width, c.name)
	}
	return line.String()
}

func (r row) String() string {
	var line strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&line, "%*s ", c.width, c.value(r))
	}
	return line.String()
}

// writeCSV writes the rows as a file for other programs, with seconds in the place of times for people.
func writeCSV(w io.Writer, rows []row) error {
	out := csv.NewWriter(w)
	var line []string
	for _, c := range columns {
		line = append(line, c.name)
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, r := range rows {
		line = line[:0]
		for _, c := range columns {
			line = append(line, c.value(r))
		}
		line[0] = strconv.FormatFloat(r.at.Seconds(), 'f', 1, 64)
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// quantile is the time within which such a part of them lies; the order of times changes.
func quantile(times []time.Duration, part float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(part*float64(len(times))), len(times)-1)]
}
