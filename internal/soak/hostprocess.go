package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// hostProcess is the host, seen from the client.
type hostProcess struct {
	command *exec.Cmd
	in      io.WriteCloser
	orders  *json.Encoder
	reports chan report // that answer an order
	ended   chan struct{}
}

// startHost starts the process. Every report is told as it comes.
func startHost(binary string, told func(report)) (*hostProcess, error) {
	h := &hostProcess{command: exec.Command(binary), reports: make(chan report, 1), ended: make(chan struct{})}
	h.command.Env = append(os.Environ(), hostVariable+"=1")
	h.command.Stderr = os.Stderr
	var err error
	if h.in, err = h.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.command.Start(); err != nil {
		return nil, err
	}
	h.orders = json.NewEncoder(h.in)
	go h.read(out, told)
	return h, nil
}

func (h *hostProcess) read(out io.Reader, told func(report)) {
	defer close(h.ended)
	for in := json.NewDecoder(out); ; {
		var r report
		if in.Decode(&r) != nil {
			return
		}
		told(r)
		if r.Joined || r.Sample != nil {
			h.reports <- r
		}
	}
}

// tell gives an order.
func (h *hostProcess) tell(o order) error {
	if err := h.orders.Encode(o); err != nil {
		return fmt.Errorf("the host: %w", err)
	}
	return nil
}

// ask gives an order and waits for the report.
func (h *hostProcess) ask(o order) (report, error) {
	if err := h.tell(o); err != nil {
		return report{}, err
	}
	wait := time.NewTimer(6 * limit)
	defer wait.Stop()
	select {
	case r := <-h.reports:
		return r, nil
	case <-h.ended:
		return report{}, errors.New("the host has ended")
	case <-wait.C:
		return report{}, fmt.Errorf("the host does not answer %q", o.Word)
	}
}

// stop ends the process, whatever it does, and waits for its end.
func (h *hostProcess) stop() error {
	h.in.Close()
	late := time.AfterFunc(limit, func() { h.command.Process.Kill() })
	defer late.Stop()
	for {
		select {
		case <-h.reports:
			continue
		case <-h.ended:
		}
		return h.command.Wait()
	}
}
