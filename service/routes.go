package service

import (
	"strings"

	"quartet/handler"
	"quartet/transport/wire"
)

// routeSet is what an instance serves. Instances with equal routes share one.
type routeSet struct {
	text string
	*handler.Matcher
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
