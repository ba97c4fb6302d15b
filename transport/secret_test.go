package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"
)

const (
	hexKey     = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	passphrase = "correct horse battery staple"
)

func TestParseSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		keys       int
		want       string // part of the error
	}{
		{name: "a key", text: hexKey, keys: 1},
		{name: "a key in upper case", text: strings.ToUpper(hexKey), keys: 1},
		{name: "white space around it", text: "\r\n \t" + hexKey + " \r\n\n", keys: 1},
		{name: "two keys", text: hexKey + "\n" + strings.Repeat("ff", 32), keys: 2},
		{name: "a key and a passphrase", text: hexKey + "\n" + passphrase + "\n", keys: 2},
		{name: "16 bytes", text: "my_shared_secret", keys: 1},
		{name: "16 bytes in fewer letters", text: "äöüäöüäö", keys: 1},
		{name: "63 digits are a passphrase", text: hexKey[1:], keys: 1},
		{name: "64 that are no digits, too", text: "g" + hexKey[1:], keys: 1},

		{name: "empty", want: "empty"},
		{name: "white space", text: " \n\t\n", want: "empty"},
		{name: "15 bytes", text: "my_shared_secre", want: "at least 16 bytes"},
		{name: "a short second line", text: hexKey + "\nshort", want: "line 2"},
		{name: "three lines", text: hexKey + "\n" + hexKey + "\n" + hexKey, want: "more than two lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is := is.New(t)
			s, err := ParseSecret([]byte(c.text))
			is.Equal(len(s.keys), c.keys) // so many keys
			is.Equal(s.IsZero(), c.keys == 0)
			if c.want != "" {
				is.True(errors.Is(err, ErrSecret))                                                           // it is bad
				is.True(strings.Contains(err.Error(), c.want))                                               // the error says why
				is.True(!strings.Contains(err.Error(), hexKey) && !strings.Contains(err.Error(), "short\"")) // and not what
				return
			}
			is.NoErr(err)
		})
	}
}

func TestReadSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	file := filepath.Join(t.TempDir(), "secret")
	_, err := ReadSecret(file)
	is.True(errors.Is(err, ErrSecret) && errors.Is(err, os.ErrNotExist)) // it is not there
	is.NoErr(os.WriteFile(file, []byte(hexKey+"\n"), 0o600))
	s, err := ReadSecret(file)
	is.NoErr(err)
	parsed, err := ParseSecret([]byte(hexKey))
	is.NoErr(err)
	is.True(s.Equal(parsed)) // the same as its text
	is.NoErr(os.WriteFile(file, []byte("short"), 0o600))
	_, err = ReadSecret(file)
	is.True(errors.Is(err, ErrSecret) && strings.Contains(err.Error(), file)) // the error names the file
	is.NoErr(os.WriteFile(file, bytes.Repeat([]byte("x"), maxSecretFile+1), 0o600))
	_, err = ReadSecret(file)
	is.True(errors.Is(err, ErrSecret)) // nobody's secret is so large
	_, err = ReadSecret(filepath.Dir(file))
	is.True(errors.Is(err, ErrSecret)) // nor a directory
}

func TestSecretEqual(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	parse := func(text string) Secret {
		s, err := ParseSecret([]byte(text))
		is.NoErr(err)
		return s
	}
	a, b := hexKey, strings.Repeat("ff", 32)
	is.True(parse(a).Equal(parse(strings.ToUpper(a))))
	is.True(!parse(a).Equal(parse(b)))
	is.True(!parse(a).Equal(parse(a + "\n" + b)))
	is.True(!parse(a + "\n" + b).Equal(parse(b + "\n" + a))) // the first is what diallers try first
	is.True(Secret{}.Equal(Secret{}))
}

// TestTokens: the tokens were computed with hashlib.scrypt and hmac of Python, following docs/PROTOCOL.md.
func TestTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		secret  string
		dialler Side
		kind    linkKind
		token   string
	}{
		{hexKey, App, requests, "a22ae53bdda68a1cf53dbff80deec93ab9eb56448d49d508dbaf4eb9371b0625"},
		{hexKey, App, responses, "e8c9943948546cf35d62bdcf637fffa727aad03c8b7fa217cb3aa1b1d2c27dd4"},
		{hexKey, Instance, requests, "3607e636d406b50c689ee07daec3851aa675f3e4025ce68138cc2dc71f9dd873"},
		{hexKey, Instance, responses, "a7cbd9b325952c9736ebe8237fba40ac2602893e25873605a9150db8a0b5c93f"},
		{passphrase, App, requests, "18b877f08b381ad79e7c782a2656e78e555ffe6c68f5fbc0107260ecd8aec582"},
		{passphrase, App, responses, "642fa0c09fc95989b4dd31b389ffc94cea56b0c1c10715c3d81052b05da47e4d"},
		{passphrase, Instance, requests, "7fea172e304b84a0aa26db49712a951498ee31ee6d8e59e4bd134662692dc991"},
		{passphrase, Instance, responses, "ccbceb0c0cfbdab2e1593c8656da730d10ea15a00420c70dcd68ed706edc227d"},
	} {
		t.Run(fmt.Sprint(len(c.secret), c.dialler, c.kind), func(t *testing.T) {
			is := is.New(t)
			s, err := ParseSecret([]byte(c.secret))
			is.NoErr(err)
			is.Equal(s.plainToken(0, c.dialler, c.kind), c.token) // as another implementation has it
		})
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, err := ParseSecret([]byte(hexKey + "\n" + passphrase))
	is.NoErr(err)
	var out bytes.Buffer
	for _, v := range []any{s, &s, []Secret{s}, map[string]Secret{"s": s}, struct{ S Secret }{s}, struct{ s Secret }{s}, Config{Secret: s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%p", "%t", "%y"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("here", "secret", s, "at", &s, "in", struct{ S Secret }{s}, slog.Group("g", "s", s))
	}
	text, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": struct{ S Secret }{s}})
	is.NoErr(err)
	out.Write(text)
	fmt.Fprintln(&out, fmt.Errorf("with %v and %q", s, &s))
	is.NoErr(unspoken(out.String(), s, passphrase))                  // not a trace of it
	is.True(strings.Contains(out.String(), "secret(hidden,hidden)")) // but that there is one
	is.Equal(fmt.Sprintf("%v %+v %#v", Secret{}, Secret{}, Secret{}), strings.TrimSpace(strings.Repeat("no secret ", 3)))
}

// unspoken fails if a text shows the secret, its keys or its tokens, in digits, as bytes or as numbers.
func unspoken(text string, s Secret, more ...string) error {
	traces := more
	for i := range s.keys {
		key := *s.keys[i].bytes
		traces = append(traces, fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), string(key[:]),
			strings.Trim(fmt.Sprint(key), "[]"), strings.TrimSuffix(strings.SplitN(fmt.Sprintf("%#v", key), "{", 2)[1], "}"))
		for _, side := range []Side{App, Instance} {
			for _, kind := range []linkKind{requests, responses} {
				traces = append(traces, s.plainToken(i, side, kind))
			}
		}
	}
	for _, trace := range traces {
		for _, part := range []string{trace, trace[:len(trace)/2], trace[len(trace)/2:]} {
			if strings.Contains(text, part) {
				return fmt.Errorf("the text shows %q:\n%s", part, text)
			}
		}
	}
	return nil
}

// TestNothingSaysTheSecret: what a binder and a dialler with different secrets say goes into logs.
func TestNothingSaysTheSecret(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	ours, err := ParseSecret([]byte(hexKey + "\n" + passphrase))
	is.NoErr(err)
	theirs, err := ParseSecret([]byte("another passphrase altogether"))
	is.NoErr(err)
	addr := ipcAddr(t)
	binder, dialler := newNode(App, false), newNode(Instance, false)
	binder.cfg.Secret, dialler.cfg.Secret = ours, theirs
	binder.listen(t, addr)
	dialler.dial(t, addr)
	is.NoErr(eventually(patience, "a refusal at both", func() bool {
		return binder.count(HandshakeFailed, ErrRefused) > 0 && dialler.count(Retrying, ErrRefused) > 0
	}))
	said := binder.log.String() + dialler.log.String() + fmt.Sprintf("%+v %#v", binder.seen(), dialler.seen())
	for _, n := range []*node{binder, dialler} {
		for _, e := range n.seen() {
			said += fmt.Sprintln(e.Err)
		}
	}
	is.True(strings.Contains(said, "wrong secret")) // it says what is wrong
	is.NoErr(unspoken(said, ours, passphrase))      // but not what is right
	is.NoErr(unspoken(said, theirs, "another passphrase altogether"))
	is.Equal(len(binder.peers)+len(dialler.peers), 0) // nobody connected
}
