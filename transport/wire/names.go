package wire

import "strconv"

// String returns the name of the kind, as in docs/PROTOCOL.md.
func (k Kind) String() string {
	names := [...]string{"kind 0", "request", "response", "forward", "cancel", "hello", "bye"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// String returns the name of the outcome, as in docs/PROTOCOL.md.
func (o Outcome) String() string {
	names := [...]string{"answered", "overloaded", "draining", "expired", "forbidden"}
	if int(o) < len(names) {
		return names[o]
	}
	return "outcome " + strconv.Itoa(int(o))
}
