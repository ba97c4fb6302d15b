package report

import (
	"fmt"
	"html"
	"io"

	"quartet/bench/stats"
)

// Panel is a part of the picture: the rates of a group as bars.
type Panel struct {
	Group string
	Title string
}

// Measures of the picture, in its units.
const (
	panelWidth = 420
	panelGap   = 24
	labelWidth = 110
	valueWidth = 62
	barHeight  = 18
	barStep    = 26
	titleSpace = 46
	marginLeft = 16
	headSpace  = 44
	footSpace  = 26
)

// WriteSVG draws the panels whose groups were run, two beside each other: a bar for the median rate of each series, and
// a line from the lowest round to the highest. Bars of one panel share a scale.
func WriteSVG(w io.Writer, r *Run, panels []Panel) error {
	var shown []Panel
	most := 0
	for _, p := range panels {
		if g := r.Find(p.Group); g != nil {
			shown = append(shown, p)
			most = max(most, len(g.Series))
		}
	}
	var t text
	panelHeight := titleSpace + most*barStep
	height := headSpace + (len(shown)+1)/2*panelHeight + footSpace
	width := 2*marginLeft + 2*panelWidth + panelGap
	t.line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13" fill="#222">`, width, height)
	t.line(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	t.line(`<text x="%d" y="28" font-size="18" font-weight="600">Rates beside its peers: medians of %d rounds, lowest to highest</text>`, marginLeft, r.Rounds)
	for i, p := range shown {
		t.panel(marginLeft+i%2*(panelWidth+panelGap), headSpace+i/2*panelHeight, p.Title, r.Find(p.Group))
	}
	t.line(`<text x="%d" y="%d" font-size="11" fill="#666">%s</text>`, marginLeft, height-10,
		html.EscapeString(fmt.Sprintf("%s form, %s, %d x %s, %s", r.Form, r.Began.Format("2006-01-02"), r.Machine.Cores, r.Machine.CPU, r.Machine.Go)))
	t.line("</svg>")
	_, err := io.WriteString(w, t.String())
	return err
}

func (t *text) panel(x, y int, title string, g *Group) {
	t.line(`<text x="%d" y="%d" font-weight="600">%s</text>`, x, y+28, html.EscapeString(title+", "+g.Unit+"/s"))
	var top float64
	for i := range g.Series {
		top = max(top, g.Series[i].Spread(stats.Rate).Max)
	}
	if top == 0 {
		return
	}
	left := x + labelWidth
	scale := float64(panelWidth-labelWidth-valueWidth) / top
	for i := range g.Series {
		s := &g.Series[i]
		v := s.Spread(stats.Rate)
		fill := "#9db4c8"
		if i == 0 {
			fill = "#c2410c"
		}
		line := y + titleSpace + i*barStep
		middle := line + barHeight/2
		t.line(`<text x="%d" y="%d" text-anchor="end">%s</text>`, left-6, line+14, html.EscapeString(s.Name))
		t.line(`<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, left, line, v.Median*scale, barHeight, fill)
		t.line(`<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#222"/>`,
			float64(left)+v.Min*scale, middle, float64(left)+v.Max*scale, middle)
		t.line(`<text x="%.1f" y="%d">%s</text>`, float64(left)+v.Max*scale+6, line+14, count(v.Median))
	}
}
