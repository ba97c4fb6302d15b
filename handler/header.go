package handler

import (
	"maps"
	"slices"
)

const (
	contentType = "content-type"
	accept      = "accept"
	allow       = "allow"
)

func first(header map[string][]string, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func set(header map[string][]string, name, value string) map[string][]string {
	if header == nil {
		header = make(map[string][]string, 1)
	}
	header[name] = []string{value}
	return header
}

func cloneHeader(header map[string][]string) map[string][]string {
	c := maps.Clone(header)
	for name, values := range c {
		c[name] = slices.Clone(values)
	}
	return c
}
