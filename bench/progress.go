package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"quartet/bench/report"
)

// progress keeps one line up to date while the program works; where the output is no terminal it is a line per round.
type progress struct {
	w        io.Writer
	terminal bool
	began    time.Time
	done     int
	total    int
	width    int // of the line that stands there
}

// about tells what is run next.
func (p *progress) about(g *group, name string, round, rounds int) {
	if !p.terminal && name != g.contestants[0].name {
		return
	}
	if !p.terminal {
		name = fmt.Sprintf("%d contestants", len(g.contestants))
	}
	gone := time.Since(p.began)
	left := ""
	if p.done > 0 {
		left = ", about " + report.Clock(gone/time.Duration(p.done)*time.Duration(p.total-p.done)) + " to go"
	}
	p.show(fmt.Sprintf("bench: %d/%d %s: %s, round %d of %d; %s%s", p.done, p.total, g.title, name, round, rounds, report.Clock(gone), left))
}

func (p *progress) show(line string) {
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	width := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-width)))
	p.width = width
}

// clear makes room for what is printed next.
func (p *progress) clear() {
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
	}
}
