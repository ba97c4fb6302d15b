package service_test

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"quartet/service"
)

// rawApp is an app that speaks ZMTP by hand, on two plain connections: what it sends and does not read costs this
// process no memory, so that all the heap that grows is the victim's.
type rawApp struct{ requests, responses net.Conn }

// dialRaw connects to a server that listens.
func dialRaw(t *testing.T, at service.Addr) *rawApp {
	t.Helper()
	var pair [16]byte
	rand.Read(pair[:])
	requests, err := rawLink(at.Requests, "PUSH", "requests", hex.EncodeToString(pair[:]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { requests.Close() })
	responses, err := rawLink(at.Responses, "PULL", "responses", hex.EncodeToString(pair[:]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { responses.Close() })
	return &rawApp{requests, responses}
}

func (a *rawApp) close() {
	a.requests.Close()
	a.responses.Close()
}

// rawLink is one connection after its handshake: greeting, then HELLO, WELCOME, INITIATE, READY (RFC 23 and 24).
func rawLink(endpoint, socket, kind, pair string) (net.Conn, error) {
	c, err := net.Dial("unix", strings.TrimPrefix(endpoint, "ipc://"))
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(siegeLimit))
	greeting := make([]byte, 64)
	greeting[0], greeting[9], greeting[10] = 0xff, 0x7f, 3
	copy(greeting[12:], "PLAIN")
	c.Write(greeting)
	if _, err := io.ReadFull(c, greeting); err != nil {
		return nil, err
	}
	key, _ := hex.DecodeString(siegeKey)
	token, err := hkdf.Key(sha256.New, key, nil, "quartet/1 plain app "+kind, 32)
	if err != nil {
		return nil, err
	}
	hello := rawString(rawString(nil, "quartet/1"), hex.EncodeToString(token))
	ready := rawProperty(rawProperty(nil, "Socket-Type", socket), "X-Quartet-Pair", pair)
	for _, step := range []struct {
		name, answer string
		data         []byte
	}{{"HELLO", "WELCOME", hello}, {"INITIATE", "READY", ready}} {
		c.Write(rawCommand(step.name, step.data))
		if got, err := readCommand(c); err != nil || got != step.answer {
			return nil, fmt.Errorf("%s was answered by %q, %v", step.name, got, err)
		}
	}
	return c, c.SetDeadline(time.Time{})
}

func rawCommand(name string, data []byte) []byte {
	body := append(rawString(nil, name), data...)
	return append([]byte{0x04, byte(len(body))}, body...)
}

func readCommand(c net.Conn) (name string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return "", err
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(c, body); err != nil {
		return "", err
	}
	return string(body[1 : 1+body[0]]), nil
}

func rawString(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }

func rawProperty(b []byte, name, value string) []byte {
	b = binary.BigEndian.AppendUint32(rawString(b, name), uint32(len(value)))
	return append(b, value...)
}

// rawMessage is a message as it travels.
func rawMessage(frame []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{0x02}, uint64(len(frame))), frame...)
}
