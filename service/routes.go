package service

import (
	"net/http"
	"slices"
	"strings"

	"quartet/handler"
	"quartet/transport/wire"
)

// routeSet is what an instance serves. Instances with equal routes share one.
type routeSet struct {
	text string
	*handler.Matcher
}

// matching asks the route sets of instances for one call: equal ones in a row only once.
type matching struct {
	last    *routeSet
	ok      bool
	allowed []string // METHODs that some instance would take
}

func (m *matching) serves(i *instance, c *call) bool {
	if i.routes == nil {
		return true
	}
	if i.routes != m.last {
		status, list := i.routes.Match(c.req.Method, c.req.Path)
		m.last, m.ok = i.routes, status == http.StatusOK
		if status == http.StatusMethodNotAllowed && !i.draining {
			m.allowed = slices.Compact(slices.Sorted(slices.Values(append(m.allowed, list...))))
		}
	}
	return m.ok
}

func routesText(told []wire.Route) string {
	var b strings.Builder
	for _, r := range told {
		b.WriteString(r.Method)
		b.WriteByte(' ')
		b.WriteString(r.Pattern)
		b.WriteByte('\n')
	}
	return b.String()
}
