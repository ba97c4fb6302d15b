package transport

import (
	"encoding/hex"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// derived reads the blocks of docs/PROTOCOL.md that tell what is derived from one secret.
func derived(is *is.I, of string) map[string]string {
	is.Helper()
	text, err := os.ReadFile("../docs/PROTOCOL.md")
	is.NoErr(err) // the contract is there
	_, block, ok := strings.Cut(string(text), "\n```derived "+of+"\n")
	is.True(ok) // and has the block
	block, _, _ = strings.Cut(block, "```")
	told := map[string]string{}
	for line := range strings.Lines(block) {
		words := strings.Fields(line)
		last := len(words) - 1
		told[strings.Join(words[:last], " ")] = words[last]
	}
	return told
}

// docs/PROTOCOL.md tells what this package derives.
func TestProtocolDerivedKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ of, secret string }{
		{"key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},
		{"passphrase", "my_shared_secret"},
	} {
		t.Run(c.of, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			secret, err := ParseSecret([]byte(c.secret))
			is.NoErr(err) // the secret is one
			want := map[string]string{}
			for _, side := range []Side{App, Instance} {
				for _, kind := range []linkKind{requests, responses} {
					who := side.String() + " " + kind.String()
					want["plain "+who] = secret.plainToken(0, side, kind)
					for role, server := range map[string]bool{"server ": true, "client ": false} {
						pair := secret.curveKey(0, server, side, kind)
						want["secret "+role+who] = hex.EncodeToString(pair.secret[:])
						want["public "+role+who] = hex.EncodeToString(pair.public[:])
					}
				}
			}
			is.Equal(derived(is, c.of), want) // all of it, and nothing else
		})
	}
}

// What docs/PROTOCOL.md says in numbers of CURVE.
func TestProtocolCurveSizes(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text, err := os.ReadFile("../docs/PROTOCOL.md")
	is.NoErr(err)                                                 // the contract is there
	is.Equal(curveOverhead, 33)                                   // what a box adds
	is.True(strings.Contains(string(text), "4,259,873"))          // the limit of a frame with a full message
	is.Equal(DefaultMaxFrame+curveOverhead, 4_259_873)            // is this one
	is.True(strings.Contains(string(text), "is 33 bytes longer")) // and it says by how much
}

// Unnamed links from two IP addresses are not taken for those of one process.
func TestUnnamedLinksPairByRemoteIP(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ln, err := net.Listen("tcp", ":0")
	is.NoErr(err) // both families are bound
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	from := func(host string) cred {
		c, err := net.Dial("tcp", net.JoinHostPort(host, port))
		is.NoErr(err) // the listener is there
		defer c.Close()
		accepted, err := ln.Accept()
		is.NoErr(err) // and takes the connection
		defer accepted.Close()
		who, known, err := connCred(accepted, peerCred)
		is.NoErr(err)  // who it is
		is.True(known) // is known
		return who
	}
	first := from("127.0.0.1")
	is.Equal(first.String(), "ip=127.0.0.1") // what logs show, without the port
	p := newPairing(nil, nil)
	p.half[""] = &halfPaired{link: &link{kind: requests, cred: first, has: true}}
	is.True(errors.Is(p.admit(&link{kind: responses, cred: from("::1"), has: true}), ErrProtocol)) // another host
	is.NoErr(p.admit(&link{kind: responses, cred: from("127.0.0.1"), has: true}))                  // the same one
}
