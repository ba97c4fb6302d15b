package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/matryer/is"
)

// source is a connection that gives out fixed bytes in chunks of chosen sizes, and takes whatever is written.
type source struct {
	data   []byte
	chunks []byte // sizes, used in turn; 0 is 256
	n      int
}

func (s *source) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	size := len(s.data)
	if len(s.chunks) > 0 {
		if size = int(s.chunks[s.n%len(s.chunks)]); size == 0 {
			size = 256
		}
		s.n++
	}
	n := copy(p, s.data[:min(size, len(s.data))])
	s.data = s.data[n:]
	return n, nil
}

func (s *source) Write(p []byte) (int, error)      { return len(p), nil }
func (s *source) Close() error                     { return nil }
func (s *source) LocalAddr() net.Addr              { return inprocAddr("") }
func (s *source) RemoteAddr() net.Addr             { return inprocAddr("") }
func (s *source) SetDeadline(time.Time) error      { return nil }
func (s *source) SetReadDeadline(time.Time) error  { return nil }
func (s *source) SetWriteDeadline(time.Time) error { return nil }

const testFrame = 1000 // the limit of a message in these tests

// traffic is a frameConn after its handshake.
func traffic(data, chunks []byte, messages bool) (fc *frameConn, pings *[]string) {
	fc = newFrameConn(context.Background(), &source{data: data, chunks: chunks})
	pings = &[]string{}
	fc.startTraffic(testFrame, messages, func(echo []byte) { *pings = append(*pings, string(echo)) })
	return fc, pings
}

func TestFrameConn(t *testing.T) {
	t.Parallel()
	word := rawFrame(0, []byte("word"))
	full := rawFrame(0, noise(testFrame))
	ping := rawCommand("PING", []byte("\x00\x00echo"))
	for _, c := range []struct {
		name     string
		in, want []byte // want is what comes through, as frames
		err      error
		pull     bool // what the peer is: a PULL sends commands only
		pings    []string
	}{
		{name: "nothing", err: io.EOF},
		{name: "a message", in: word, want: word, err: io.EOF},
		{name: "the largest message", in: full, want: full, err: io.EOF},
		{name: "the long form of a short one", in: rawFrame(flagLong, []byte("word")), want: word, err: io.EOF},
		{name: "one byte over the limit", in: rawFrame(0, noise(testFrame+1)), err: ErrFrameSize},
		{name: "2^31", in: rawHeader(0, 1<<31), err: ErrFrameSize},
		{name: "2^32", in: rawHeader(0, 1<<32), err: ErrFrameSize},
		{name: "2^32 and 4: no number of bits is lost", in: rawHeader(0, 1<<32+4), err: ErrFrameSize},
		{name: "2^63-1", in: rawHeader(0, 1<<63-1), err: ErrFrameSize},
		{name: "2^63", in: rawHeader(0, 1<<63), err: ErrFrameSize},
		{name: "2^64-1", in: rawHeader(0, 1<<64-1), err: ErrFrameSize},
		{name: "empty", in: rawFrame(0, nil), err: ErrProtocol},
		{name: "MORE", in: rawFrame(flagMore, []byte("word")), err: ErrProtocol},
		{name: "an empty MORE", in: rawFrame(flagMore, nil), err: ErrProtocol},
		{name: "a bad one behind a good one", in: append(bytes.Clone(word), rawFrame(flagMore, nil)...), want: word, err: ErrProtocol},
		{name: "bit 3", in: rawFrame(0x08, []byte("word")), err: ErrProtocol},
		{name: "bit 7", in: rawFrame(0x80, []byte("word")), err: ErrProtocol},
		{name: "half a short header", in: word[:1], err: io.ErrUnexpectedEOF},
		{name: "half a long header", in: full[:8], err: io.ErrUnexpectedEOF},
		{name: "half a message", in: full[:100], err: io.ErrUnexpectedEOF},
		{name: "PING", in: ping, err: io.EOF, pings: []string{"echo"}},
		{name: "PING between messages", in: bytes.Join([][]byte{word, ping, ping, word}, nil), want: append(bytes.Clone(word), word...), err: io.EOF, pings: []string{"echo", "echo"}},
		{name: "PING with 16 octets and more", in: rawCommand("PING", []byte("\x00\x000123456789abcdefgh")), err: io.EOF, pings: []string{"0123456789abcdef"}},
		{name: "PING without context", in: rawCommand("PING", []byte("\x00\x00")), err: io.EOF, pings: []string{""}},
		{name: "PING without a TTL", in: rawCommand("PING", []byte("\x00")), err: ErrProtocol},
		{name: "ping in small letters is unknown", in: rawCommand("ping", nil), err: io.EOF},
		{name: "unknown commands", in: append(rawCommand("SUBSCRIBE", noise(400)), word...), want: word, err: io.EOF},
		{name: "the largest command", in: rawFrame(flagCommand, append([]byte("\x04PONG"), noise(maxCmdAfter-5)...)), err: io.EOF},
		{name: "a command of 513", in: rawHeader(flagCommand, maxCmdAfter+1), err: ErrFrameSize},
		{name: "a command of 2^64-1", in: rawHeader(flagCommand, 1<<64-1), err: ErrFrameSize},
		{name: "half a command", in: ping[:5], err: io.ErrUnexpectedEOF},
		{name: "an empty command", in: rawFrame(flagCommand, nil), err: ErrProtocol},
		{name: "a command with an empty name", in: rawFrame(flagCommand, []byte{0, 'x'}), err: ErrProtocol},
		{name: "a command with half a name", in: rawFrame(flagCommand, []byte{5, 'P'}), err: ErrProtocol},
		{name: "a command with MORE", in: rawFrame(flagCommand|flagMore, []byte("\x04PONG")), err: ErrProtocol},
		{name: "ERROR", in: rawCommand("ERROR", []byte("\x00")), err: ErrPeerGone},
		{name: "a PULL that sends a message", in: word, err: ErrProtocol, pull: true},
		{name: "a PULL that claims one", in: rawHeader(0, 1<<40), err: ErrProtocol, pull: true},
		{name: "a PULL that sends PING", in: ping, err: io.EOF, pull: true, pings: []string{"echo"}},
	} {
		for _, chunks := range [][]byte{nil, {1}, {2, 3, 1}, {0}} {
			t.Run(fmt.Sprint(c.name, chunks), func(t *testing.T) {
				is := is.New(t)
				fc, pings := traffic(bytes.Clone(c.in), chunks, !c.pull)
				got, err := readAll(fc)
				is.True(errors.Is(err, c.err))                    // how it ends
				is.Equal(string(got), string(c.want))             // what comes through
				is.Equal(fmt.Sprint(*pings), fmt.Sprint(c.pings)) // what is answered
			})
		}
	}
}

// readAll frames again what comes through.
func readAll(fc *frameConn) (got []byte, err error) {
	for {
		message, err := fc.message()
		if err != nil {
			return got, err
		}
		if message == nil {
			continue // a command
		}
		got = append(got, rawFrame(0, message)...)
	}
}

func TestClaimsAllocateNothing(t *testing.T) {
	is := is.New(t)
	for _, size := range []uint64{testFrame + 1, 1 << 32, 1 << 46, 1<<63 - 1, 1<<64 - 1} {
		for _, flags := range []byte{0, flagCommand, flagMore} {
			fc, _ := traffic(rawHeader(flags, size), nil, true)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := fc.message()
			runtime.ReadMemStats(&after)
			is.True(err != nil)                                  // refused
			is.True(after.TotalAlloc-before.TotalAlloc < 64<<10) // at no cost
		}
	}
}

// FuzzFrameConn: whatever comes in whatever pieces, whole messages come through, within the limits only.
func FuzzFrameConn(f *testing.F) {
	word, ping := rawFrame(0, []byte("word")), rawCommand("PING", []byte("\x00\x00echo"))
	f.Add(append(bytes.Clone(word), ping...), []byte{1, 2, 3})
	f.Add(rawFrame(0, noise(testFrame)), []byte{0})
	f.Add(rawHeader(0, 1<<63-1), []byte{})
	f.Add(rawHeader(flagCommand, 513), []byte{9})
	f.Add(rawFrame(flagMore, nil), []byte{1})
	f.Fuzz(func(t *testing.T, data, chunks []byte) {
		for _, messages := range []bool{true, false} {
			fc, _ := traffic(bytes.Clone(data), chunks, messages)
			for {
				message, err := fc.message()
				if err != nil && reasonOf(err) == nil && !gone(err) {
					t.Fatalf("an error without a reason: %v", err)
				}
				if err != nil {
					break
				}
				if message != nil && (!messages || len(message) == 0 || len(message) > testFrame) {
					t.Fatalf("a message of %d bytes", len(message))
				}
			}
		}
	})
}

// FuzzHandshake: whatever comes in whatever pieces, through the engine, from the greeting on.
func FuzzHandshake(f *testing.F) {
	hello := rawHello(plainUser, rawToken(Instance, responses))
	initiate := rawCommand("INITIATE", append(rawProperty("Socket-Type", "PUSH"), rawProperty("X-Quartet-Pair", newPair())...))
	good := bytes.Join([][]byte{rawGreeting("PLAIN"), hello, initiate, rawFrame(0, []byte("word"))}, nil)
	f.Add(good, []byte{0})
	f.Add(good, []byte{1})
	f.Add(append(rawGreeting("PLAIN"), rawHello("", "")...), []byte{7, 3})
	for _, a := range attacksBefore {
		if c := (&recorder{}); a.within == 0 && a.begin != linked && !bytes.HasPrefix([]byte(a.name), []byte("endless")) {
			a.play(c)
			f.Add(bytes.Join([][]byte{rawGreeting("PLAIN"), hello, c.data}, nil), []byte{0})
		}
	}
	f.Fuzz(func(t *testing.T, data, chunks []byte) {
		role := endpointRole{kind: responses, side: App, binds: true, scheme: schemeIPC, secret: testSecret}
		cfg := Config{Side: App, MaxFrame: testFrame, Heartbeat: -1}.withDefaults()
		l, err := handshake(context.Background(), &source{data: bytes.Clone(data), chunks: chunks}, role, cfg)
		if err != nil {
			if reasonOf(err) == nil {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		if !bytes.Contains(data, []byte(rawToken(Instance, responses))) {
			t.Fatalf("let in without the token")
		}
		l.start(cfg, func(m Message) {
			if len(m.Frame) == 0 || len(m.Frame) > testFrame {
				t.Errorf("a message of %d bytes", len(m.Frame))
			}
			m.Release()
		})
		<-l.done
	})
}

// recorder is a connection that keeps what is written.
type recorder struct {
	source
	data []byte
}

func (r *recorder) Write(p []byte) (int, error) {
	r.data = append(r.data, p...)
	return len(p), nil
}
