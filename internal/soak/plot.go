package main

import (
	"fmt"
	"html"
	"io"
	"strings"
	"time"
)

// Measures of the picture, in its units.
const (
	plotWidth   = 900
	panelHeight = 120
	panelStep   = 160
	marginLeft  = 70
	marginTop   = 50
	marginRight = 110
	mostPoints  = 800 // of a line
)

// line is one of a panel.
type line struct {
	name, colour string
	value        func(row) float64
}

type panel struct {
	title string
	lines []line
}

const (
	blue   = "#1d4ed8"
	orange = "#c2410c"
)

// panels lists what is drawn, from above.
var panels = func() []panel {
	both := func(title string, of func(sample) float64) panel {
		return panel{title, []line{
			{"app", blue, func(r row) float64 { return of(r.app) }},
			{"host", orange, func(r row) float64 { return of(r.host) }},
		}}
	}
	return []panel{
		{"time of a call, ms", []line{
			{"p50", blue, func(r row) float64 { return r.p50.Seconds() * 1000 }},
			{"p99", orange, func(r row) float64 { return r.p99.Seconds() * 1000 }},
		}},
		{"calls that failed, but for panics and callers that left", []line{
			{"all", orange, func(r row) float64 {
				n := 0
				for _, ends := range r.ends[kindLost:] {
					n += ends
				}
				return float64(n)
			}},
		}},
		both("goroutines", func(s sample) float64 { return float64(s.Goroutines) }),
		both("descriptors", func(s sample) float64 { return float64(s.Descriptors) }),
		both("heap after a collection, MiB", func(s sample) float64 { return float64(s.Heap) / (1 << 20) }),
		both("memory of the process (RSS), MiB", func(s sample) float64 { return float64(s.RSS) / (1 << 20) }),
	}
}()

// writeSVG draws the rows: a panel for each figure, over the time.
func writeSVG(w io.Writer, title string, rows []row) error {
	var t strings.Builder
	height := marginTop + len(panels)*panelStep
	fmt.Fprintf(&t, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" fill="#222">`+"\n",
		marginLeft+plotWidth+marginRight, height)
	fmt.Fprintf(&t, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	fmt.Fprintf(&t, `<text x="%d" y="24" font-size="16" font-weight="600">%s</text>`+"\n", marginLeft, html.EscapeString(title))
	for i, p := range panels {
		p.draw(&t, marginTop+i*panelStep, rows)
	}
	t.WriteString("</svg>\n")
	_, err := io.WriteString(w, t.String())
	return err
}

func (p panel) draw(t *strings.Builder, y int, rows []row) {
	fmt.Fprintf(t, `<text x="%d" y="%d" font-weight="600">%s</text>`+"\n", marginLeft, y+10, html.EscapeString(p.title))
	y += 18
	fmt.Fprintf(t, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#ccc"/>`+"\n", marginLeft, y, plotWidth, panelHeight)
	var top float64
	for _, l := range p.lines {
		for _, r := range rows {
			top = max(top, l.value(r))
		}
	}
	if len(rows) == 0 || top == 0 {
		return
	}
	last := rows[len(rows)-1].at
	fmt.Fprintf(t, `<text x="%d" y="%d" text-anchor="end">%.4g</text>`+"\n", marginLeft-6, y+10, top)
	fmt.Fprintf(t, `<text x="%d" y="%d" text-anchor="end">0</text>`+"\n", marginLeft-6, y+panelHeight)
	fmt.Fprintf(t, `<text x="%d" y="%d" text-anchor="end" fill="#666">%s</text>`+"\n", marginLeft+plotWidth, y-6, last.Round(time.Second))
	every := (len(rows) + mostPoints - 1) / mostPoints
	for n, l := range p.lines {
		var points []string
		for i := 0; i < len(rows); i += every {
			highest := 0.0 // of those that share a point
			for _, r := range rows[i:min(i+every, len(rows))] {
				highest = max(highest, l.value(r))
			}
			x := marginLeft + plotWidth*rows[i].at.Seconds()/last.Seconds()
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, float64(y+panelHeight)-panelHeight*highest/top))
		}
		fmt.Fprintf(t, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`+"\n", l.colour, strings.Join(points, " "))
		fmt.Fprintf(t, `<text x="%d" y="%d" fill="%s">%s %.4g</text>`+"\n", marginLeft+plotWidth+8, y+14+18*n, l.colour,
			html.EscapeString(l.name), l.value(rows[len(rows)-1]))
	}
}
