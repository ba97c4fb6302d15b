package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for something that must happen.
const patience = 20 * time.Second

// reply is one answer as the bytes on the connection have it.
type reply struct {
	early    []string // heads of informational answers
	line     string   // the status line
	fields   []string // in order of the alphabet, without Date
	body     string
	trailers []string
	end      string // how it ended, if it did not end well
}

func (a reply) String() string {
	body := fmt.Sprintf("%q", a.body)
	if len(body) > 1500 {
		body = body[:1500] + fmt.Sprintf("… (%d bytes)", len(a.body))
	}
	return fmt.Sprintf("%q %q %q\n body %s\n trailers %q end %q", a.early, a.line, a.fields, body, a.trailers, a.end)
}

// code is the status.
func (a reply) code() int {
	if len(a.line) < 12 {
		return 0
	}
	n, _ := strconv.Atoi(a.line[9:12])
	return n
}

// field is the value of a field, by the name that HTTP gives it.
func (a reply) field(name string) string {
	for _, f := range a.fields {
		if v, ok := strings.CutPrefix(f, name+": "); ok {
			return v
		}
	}
	return ""
}

func (a *reply) drop(name string) {
	a.fields = slices.DeleteFunc(slices.Clone(a.fields), func(f string) bool { return strings.HasPrefix(f, name+":") })
}

func (a *reply) set(name, value string) {
	a.drop(name)
	a.fields = append(a.fields, name+": "+value)
	slices.Sort(a.fields)
}

// setBody changes the body and the length that the fields tell.
func (a *reply) setBody(body string) {
	a.body = body
	a.set("Content-Length", strconv.Itoa(len(body)))
}

// readReply reads one answer to a request with that method, byte by byte as RFC 9112 has it: net/http's client would
// mend what it finds.
func readReply(br *bufio.Reader, method string) (a reply) {
	var err error
	for a.line == "" {
		var line string
		var fields []string
		if line, fields, err = readHead(br); err != nil {
			a.end = ending(err)
			return a
		}
		if strings.HasPrefix(line, "HTTP/1.1 1") && !strings.HasPrefix(line, "HTTP/1.1 101") {
			a.early = append(a.early, strings.Join(append([]string{line}, fields...), "\n"))
			continue
		}
		a.line, a.fields = line, fields
	}
	code := a.code()
	length, sized := strings.CutPrefix(a.find("Content-Length:"), "Content-Length: ")
	switch {
	case method == "HEAD", code == 204, code == 304, code == 101:
	case a.field("Transfer-Encoding") == "chunked":
		a.body, err = readAll(httputil.NewChunkedReader(br))
		if err == nil {
			a.trailers, err = readLines(br)
		}
	case sized:
		n, bad := strconv.ParseInt(length, 10, 64)
		if bad != nil {
			a.end = "bad length " + length
			return a
		}
		var b strings.Builder
		b.Grow(int(min(n, 2*most)))
		_, err = io.CopyN(&b, br, n)
		a.body = b.String()
	default:
		a.body, err = readAll(br)
	}
	a.end = ending(err)
	return a
}

func (a reply) find(prefix string) string {
	for _, f := range a.fields {
		if strings.HasPrefix(f, prefix) {
			return f
		}
	}
	return ""
}

func readAll(r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

// readHead reads a status line and the fields.
func readHead(br *bufio.Reader) (line string, fields []string, err error) {
	if line, err = readLine(br); err != nil {
		return "", nil, err
	}
	fields, err = readLines(br)
	fields = slices.DeleteFunc(fields, func(f string) bool { return strings.HasPrefix(f, "Date: ") })
	slices.Sort(fields)
	return line, fields, err
}

// readLines reads up to the empty line.
func readLines(br *bufio.Reader) (lines []string, err error) {
	for {
		line, err := readLine(br)
		if err != nil || line == "" {
			return lines, err
		}
		lines = append(lines, line)
	}
}

func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadString('\n')
	if err != nil {
		return "", err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return "", fmt.Errorf("a line that ends with a bare LF: %q", line)
	}
	return text, nil
}

// ending names the end of a connection: whether it was reset or closed is the kernel's affair.
func ending(err error) string {
	var op *net.OpError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &op) && op.Timeout():
		return "timeout"
	case err == io.EOF, err == io.ErrUnexpectedEOF, errors.As(err, &op):
		return "closed"
	}
	return err.Error()
}

// talk sends bytes over a connection of its own and reads the answers to requests with the given methods. In what comes
// back the client's address is made the same for every connection.
func talk(t testing.TB, conn net.Conn, send string, methods ...string) []reply {
	t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, send) // a server may answer before it has read everything
	}()
	br := bufio.NewReader(conn)
	var replies []reply
	for _, method := range methods {
		a := readReply(br, method)
		local := conn.LocalAddr().String()
		a.body = strings.ReplaceAll(a.body, local, strings.Repeat("C", len(local)))
		replies = append(replies, a)
	}
	conn.Close()
	<-sent
	return replies
}
