package transport

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-zeromq/zmq4"
)

// plainUser is the user name of the PLAIN mechanism (RFC 24); the token is the password.
const plainUser = "quartet/1"

// security is what the mechanisms share. There is one value per connection.
type security struct {
	socketType zmq4.SocketType // ours
	pair       string          // what we announce; "" at a binder
	peerPair   string          // what the peer announced
	key        int             // which key of the secret the peer showed, at a binder
	vouched    func()          // see endpointRole
}

func (s *security) Encrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }
func (s *security) Decrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }

func (s *security) vouch() {
	if s.vouched != nil {
		s.vouched()
	}
}

func (s *security) metadata() []byte {
	b := appendProperty(nil, propSocketType, string(s.socketType))
	b = appendProperty(b, propIdentity, "")
	if s.pair != "" {
		b = appendProperty(b, propPair, s.pair)
	}
	return b
}

// takePeer checks the peer's metadata and shows the engine the one property it looks for.
func (s *security) takePeer(conn *zmq4.Conn, raw []byte) error {
	props, err := parseProperties(raw)
	if err != nil {
		return err
	}
	want := zmq4.Push
	if s.socketType == zmq4.Push {
		want = zmq4.Pull
	}
	if s.peerPair, err = checkPeer(props, string(want)); err != nil {
		return err
	}
	conn.Peer.Meta[propSocketType] = string(want)
	return nil
}

// null is the mechanism of inproc and of null+tcp.
type null struct{ security }

func (s *null) Type() zmq4.SecurityType { return zmq4.NullSecurity }

func (s *null) Handshake(conn *zmq4.Conn, _ bool) error {
	if err := conn.SendCmd(zmq4.CmdReady, s.metadata()); err != nil {
		return err
	}
	raw, err := expect(conn, zmq4.CmdReady)
	if err != nil {
		return err
	}
	return s.takePeer(conn, raw)
}

// plain is the mechanism of ipc, and of tls+tcp inside TLS. The engine's own one accepts every password and forgets its own.
type plain struct {
	security
	tokens  []string // the dialler sends the first; a binder accepts each
	swapped []string // what a dialler sends that has mistaken the endpoint for the other one
}

func (s *plain) Type() zmq4.SecurityType { return zmq4.PlainSecurity }

func (s *plain) Handshake(conn *zmq4.Conn, server bool) error {
	if server {
		return s.accept(conn)
	}
	return s.present(conn)
}

func (s *plain) present(conn *zmq4.Conn) error {
	hello := append([]byte{byte(len(plainUser))}, plainUser...)
	hello = append(hello, byte(len(s.tokens[0])))
	hello = append(hello, s.tokens[0]...)
	if err := conn.SendCmd(zmq4.CmdHello, hello); err != nil {
		return err
	}
	if _, err := expect(conn, zmq4.CmdWelcome); err != nil {
		return err
	}
	if err := conn.SendCmd(zmq4.CmdInitiate, s.metadata()); err != nil {
		return err
	}
	raw, err := expect(conn, zmq4.CmdReady)
	if err != nil {
		return err
	}
	return s.takePeer(conn, raw)
}

func (s *plain) accept(conn *zmq4.Conn) error {
	hello, err := expect(conn, zmq4.CmdHello)
	if err != nil {
		return err
	}
	if err := s.check(hello); err != nil {
		return refuse(conn, err)
	}
	s.vouch()
	if err := conn.SendCmd(zmq4.CmdWelcome, nil); err != nil {
		return err
	}
	raw, err := expect(conn, zmq4.CmdInitiate)
	if err != nil {
		return err
	}
	if err := s.takePeer(conn, raw); err != nil {
		return complain(conn, err)
	}
	return conn.SendCmd(zmq4.CmdReady, s.metadata())
}

var errSwapped = fmt.Errorf("%w for this endpoint: the other side has requests and responses swapped", ErrRefused)

// refuse tells the peer that it is refused, as ZAP would (RFC 27), and nothing more.
func refuse(conn *zmq4.Conn, why error) error { return sendError(conn, "400", why) }

// complain tells a peer that holds the secret what else is wrong with it.
func complain(conn *zmq4.Conn, why error) error { return sendError(conn, "bad metadata", why) }

func sendError(conn *zmq4.Conn, reason string, why error) error {
	_ = conn.SendCmd(zmq4.CmdError, append([]byte{byte(len(reason))}, reason...)) // best effort: the caller flushes and closes
	return why
}

// check compares the credentials in a time that does not depend on them.
func (s *plain) check(hello []byte) error {
	if len(hello) == 0 {
		return fmt.Errorf("%w: an empty HELLO", ErrProtocol)
	}
	user, rest, ok := cutLength(hello[1:], int(hello[0]))
	if !ok || len(rest) == 0 || int(rest[0]) != len(rest)-1 {
		return fmt.Errorf("%w: a malformed HELLO", ErrProtocol)
	}
	same := 0
	for i, token := range s.tokens {
		this := subtle.ConstantTimeCompare(rest[1:], []byte(token))
		s.key = subtle.ConstantTimeSelect(this, i, s.key)
		same |= this
	}
	swapped := 0
	for _, token := range s.swapped {
		swapped |= subtle.ConstantTimeCompare(rest[1:], []byte(token))
	}
	switch {
	case same&subtle.ConstantTimeCompare([]byte(user), []byte(plainUser)) == 1:
		return nil
	case swapped == 1:
		return errSwapped
	}
	return ErrRefused
}

// expect reads one command and insists on its name.
func expect(conn *zmq4.Conn, name string) ([]byte, error) {
	cmd, err := conn.RecvCmd()
	switch {
	case err != nil:
		return nil, err
	case cmd.Name == name:
		return cmd.Body, nil
	case cmd.Name == zmq4.CmdError:
		return nil, peerError(cmd.Body)
	}
	return nil, fmt.Errorf("%w: command %.16q where %s belongs", ErrProtocol, cmd.Name, name)
}

// peerError reads the reason of an ERROR command: a status of ZAP (RFC 27) or words.
func peerError(body []byte) error {
	reason := ""
	if len(body) > 0 {
		reason, _, _ = cutLength(body[1:], min(int(body[0]), len(body)-1))
	}
	if reason == "" || strings.HasPrefix(reason, "400") {
		return fmt.Errorf("%w, says the peer", ErrRefused)
	}
	return fmt.Errorf("%w: the peer reports %.64q", ErrHandshake, reason)
}

// cause finds our own error, where there is one, in what the engine made of it.
func cause(err error) error {
	for _, r := range reasons {
		if errors.Is(err, r) {
			return unwrapTo(err, r)
		}
	}
	return err
}

// unwrapTo drops the engine's prefixes: it keeps the outermost text that begins with the reason.
func unwrapTo(err, reason error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.HasPrefix(e.Error(), reason.Error()) {
			return e
		}
	}
	return err
}
