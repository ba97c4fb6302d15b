package web

import (
	"net/http"
	"strconv"
	"strings"
)

// Accepts returns the offer that the request's Accept header likes best: the highest q-value wins, then the one named
// most precisely (`text/html, */*` means HTML), then the order of the offers. Without a usable Accept header it
// returns the first offer, and "" when the client refuses them all. Offers are plain media types such as "text/html".
//
// An answer that depends on it should say so: w.Header().Add("Vary", "Accept").
func Accepts(r *http.Request, offers ...string) string {
	ranges := parseAccept(r.Header.Values("Accept"))
	if len(ranges) == 0 {
		if len(offers) == 0 {
			return ""
		}
		return offers[0]
	}
	best, bestQ, bestPrecision := "", 0.0, 0
	for _, offer := range offers {
		q, precision := quality(ranges, offer)
		if q > bestQ || q == bestQ && q > 0 && precision > bestPrecision {
			best, bestQ, bestPrecision = offer, q, precision
		}
	}
	return best
}

// mediaRange is one element of an Accept header: text/html, text/* or */*.
type mediaRange struct {
	kind, sub string
	q         float64
}

// parseAccept reads what it can; an element it cannot read counts as not sent. Parameters other than q are ignored:
// no offer has any, and clients that send one (level, version) would otherwise match nothing.
func parseAccept(values []string) []mediaRange {
	var ranges []mediaRange
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(element, ";")
			kind, sub, ok := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "/")
			q, good := parseQ(params)
			if !ok || !good || kind == "" || sub == "" || kind == "*" && sub != "*" {
				continue
			}
			ranges = append(ranges, mediaRange{kind: kind, sub: sub, q: q})
		}
	}
	return ranges
}

// parseQ finds the q parameter, 1 when there is none.
func parseQ(params string) (q float64, ok bool) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		return q, err == nil && q >= 0 && q <= 1
	}
	return 1, true
}

// quality is the q-value of the most precise range that covers the offer, so that `application/json;q=0, */*`
// refuses JSON. precision is 3 for the type itself, 2 for type/*, 1 for */*, 0 for no match.
func quality(ranges []mediaRange, offer string) (q float64, precision int) {
	kind, sub, _ := strings.Cut(offer, "/")
	for _, m := range ranges {
		p := 0
		switch {
		case m.kind == kind && m.sub == sub:
			p = 3
		case m.kind == kind && m.sub == "*":
			p = 2
		case m.kind == "*":
			p = 1
		}
		if p > precision {
			q, precision = m.q, p
		}
	}
	return q, precision
}
