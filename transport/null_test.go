package transport

import (
	"errors"
	"testing"

	"github.com/matryer/is"
)

// TestNullByNameOnly: an endpoint without security has a name of its own, and stays on loopback unless somebody insists.
func TestNullByNameOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	accept := func(*Peer) Receiver { return nil }
	near := mustAddr(t, "null+tcp://127.0.0.1:0", "null+tcp://localhost:*")
	l, err := Listen(near, Config{Side: App, Accept: accept})
	is.NoErr(err) // no secret is needed
	defer l.Close()

	far := mustAddr(t, "null+tcp://*:0", "null+tcp://127.0.0.1:0")
	_, err = Listen(far, Config{Side: App, Accept: accept})
	is.True(errors.Is(err, ErrEndpoint)) // one of the two is enough
	_, err = Dial(mustAddr(t, "null+tcp://127.0.0.1:7000", "null+tcp://db.example:7000"), Config{Side: App, Accept: accept})
	is.True(errors.Is(err, ErrEndpoint)) // diallers, too
	l, err = Listen(far, Config{Side: App, Accept: accept, Insecure: true})
	is.NoErr(err) // somebody insists
	l.Close()
}
