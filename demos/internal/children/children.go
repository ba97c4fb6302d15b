// Package children runs processes of the program's own binary beside it: it starts them, starts them again when they
// die, drains them when the program ends, and sees to it that none outlives it, kill -9 included.
//
// The parent makes a Group and runs it as an actor; the children use Secret and Parent.
package children

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"quartet/demos/internal/demo"
	"quartet/service"
)

// Child says how a process is started.
type Child struct {
	Name  string     // what logs call it; unique in its group
	Args  []string   // its flags
	Files []*os.File // it finds them as descriptors 3, 4, …; they stay the caller's and open
}

// State is what the parent knows of a child.
type State struct {
	PID   int       // 0 while it does not run
	Ended string    // how it ended the last time, such as "signal: killed"; "" if it never did
	Again time.Time // when it will be started again, while it does not run; zero before its first start
}

// Group is a set of children that live as long as the program. All methods may be called from anywhere.
type Group struct {
	binary, secret string
	again          time.Duration
	stderr         io.Writer
	log            *slog.Logger
	children       []Child
	ctx            context.Context // ends with Interrupt
	interrupt      context.CancelFunc

	mu     sync.Mutex
	states map[string]State
}

// New makes a group. A child that ends is started again after the time given. The children's stderr is the one given,
// and their secret is made here, at random.
func New(again time.Duration, stderr io.Writer, log *slog.Logger, list ...Child) (*Group, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the program does not find itself: %w", err)
	}
	g := &Group{
		binary: binary, secret: newSecret(), again: again, stderr: stderr, log: log, children: list,
		states: make(map[string]State, len(list)),
	}
	g.ctx, g.interrupt = context.WithCancel(context.Background())
	return g, nil
}

// Secret is the one that the children have.
func (g *Group) Secret() (service.Secret, error) { return service.ParseSecret([]byte(g.secret)) }

// State tells how a child is.
func (g *Group) State(name string) State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states[name]
}

func (g *Group) set(name string, s State) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.states[name] = s
}

// Execute starts the children and returns when Interrupt was called and the last of them has ended.
func (g *Group) Execute() error {
	var kept sync.WaitGroup
	for _, c := range g.children {
		kept.Go(func() { g.keep(c) })
	}
	kept.Wait()
	return nil
}

// Interrupt tells the children to drain. Who takes longer than the grace time of the demos, and a second, is killed.
func (g *Group) Interrupt(error) { g.interrupt() }

// keep runs one child until the group ends.
func (g *Group) keep(c Child) {
	for {
		err := g.run(c)
		if g.ctx.Err() != nil {
			g.farewell(c, err)
			return
		}
		again := time.Now().Add(g.again)
		g.set(c.Name, State{Ended: ending(err), Again: again})
		g.log.Warn("a child died", "child", c.Name, "how", ending(err), "again", g.again)
		select {
		case <-time.After(time.Until(again)):
		case <-g.ctx.Done():
			return
		}
	}
}

// farewell notes the end of a child that was told to end.
func (g *Group) farewell(c Child, err error) {
	last := g.State(c.Name)
	g.set(c.Name, State{Ended: ending(err)})
	if err != nil && last.PID != 0 {
		g.log.Warn("a child ended badly", "child", c.Name, "how", ending(err))
	}
}

// ending says how a process ended.
func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// grace is how long a child may take to end.
const grace = demo.Grace + time.Second
