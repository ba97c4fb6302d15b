package child

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Parent is a child's view of its parent.
type Parent struct {
	in  *bufio.Reader
	out *json.Encoder
}

// Job reads the job of this process. There is none where it is no child.
func Job(into any) (p *Parent, isChild bool, err error) {
	text, isChild := os.LookupEnv(jobVariable)
	if !isChild {
		return nil, false, nil
	}
	p = &Parent{bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return nil, true, fmt.Errorf("a bad job: %w", err)
	}
	return p, true, os.Unsetenv(jobVariable)
}

// Ready says that this process is ready, and where.
func (p *Parent) Ready(addr string) error {
	if addr == "" {
		addr = "-"
	}
	return p.out.Encode(line{Ready: addr})
}

// errLeft says that the parent wants no more of this process.
var errLeft = errors.New("the parent ended it")

// AwaitGo waits until the parent says go. The error says that it wants no more.
func (p *Parent) AwaitGo() error {
	if _, err := p.in.ReadString('\n'); err != nil {
		return errLeft
	}
	return nil
}

// AwaitEnd waits until the parent wants no more.
func (p *Parent) AwaitEnd() { _, _ = io.Copy(io.Discard, p.in) }

// Result tells what was found.
func (p *Parent) Result(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.out.Encode(line{Result: text})
}

// Fail tells why nothing was found.
func (p *Parent) Fail(err error) {
	if !errors.Is(err, errLeft) {
		_ = p.out.Encode(line{Error: err.Error()}) // a parent that is gone will not miss it
	}
}
