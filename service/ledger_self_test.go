package service_test

import (
	"testing"

	"github.com/matryer/is"
)

// TestLedgerFinds keeps the ledger honest: what it must find, it finds.
func TestLedgerFinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		entry
		bad bool
	}{
		{"answered", entry{executed: 1, answered: 1}, false},
		{"refused", entry{refused: 1}, false},
		{"lost before it ran", entry{lost: 1}, false},
		{"lost after it ran", entry{executed: 1, lost: 1}, false},
		{"sent", entry{sent: true, accepted: true, executed: 1, answered: 1, handled: 1}, false},
		{"sent, not accepted", entry{sent: true, refused: 1}, false},
		{"crossed", entry{executed: 1, crossed: 1}, true},
		{"executed twice", entry{executed: 2, answered: 1}, true},
		{"executed twice, lost", entry{executed: 2, lost: 1}, true},
		{"nobody was told", entry{executed: 1}, true},
		{"answered twice", entry{executed: 1, answered: 2}, true},
		{"answered and lost", entry{executed: 1, answered: 1, lost: 1}, true},
		{"an answer from nowhere", entry{answered: 1}, true},
		{"refused but run", entry{executed: 1, refused: 1}, true},
		{"no receipt", entry{sent: true, accepted: true, executed: 1}, true},
		{"two receipts", entry{sent: true, accepted: true, executed: 1, answered: 1, handled: 2}, true},
		{"a receipt for nothing", entry{sent: true, refused: 1, handled: 1}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			l := newLedger()
			l.page[1] = &c.entry
			is.Equal(len(l.problems()) > 0, c.bad) // found, or rightly not
		})
	}
}
