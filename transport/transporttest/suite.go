package transporttest

import (
	"testing"

	"quartet/transport"

	"github.com/matryer/is"
)

// Option adapts the suite to a scheme.
type Option func(*suite)

// Authenticated says that the scheme checks the secret; without it the cases about secrets are not part of
// the suite.
func Authenticated() Option { return func(s *suite) { s.authenticated = true } }

// WithConfig changes the Config of both sides in every case, for what a scheme needs besides the secret.
func WithConfig(change func(*transport.Config)) Option {
	return func(s *suite) { s.changes = append(s.changes, change) }
}

// Brief leaves only how peers meet and part, for another kind of address of a scheme that has run in full.
func Brief() Option { return func(s *suite) { s.brief = true } }

// Modest leaves out what takes all the memory that a process has for large frames.
func Modest() Option { return func(s *suite) { s.modest = true } }

type suite struct {
	newAddr       func(testing.TB) transport.Addr
	authenticated bool
	brief, modest bool
	changes       []func(*transport.Config)
}

type testCase struct {
	name string
	run  func(*env)
	once bool // one binding mode is enough: what it needs of the machine is more than what the other would tell
}

// Run runs the suite, each case with the app as the binder and with the instance. newAddr must return an
// address that nothing else uses.
func Run(t *testing.T, newAddr func(testing.TB) transport.Addr, o ...Option) {
	t.Parallel()
	s := &suite{newAddr: newAddr}
	for _, option := range o {
		option(s)
	}
	cases := s.cases()
	for _, binder := range []transport.Side{transport.App, transport.Instance} {
		t.Run(binder.String()+" binds", func(t *testing.T) {
			t.Parallel()
			for _, c := range cases {
				if c.once && (s.modest || binder != transport.App) {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					is := is.New(t)
					t.Parallel()
					c.run(&env{I: is, t: t, suite: s, addr: newAddr(t), binder: binder})
				})
			}
		})
	}
}

func (s *suite) cases() (cases []testCase) {
	groups := [][]testCase{lifeCases}
	if !s.brief {
		groups = append(groups, deliveryCases, closeCases, crowdCases, flowCases, heartbeatCases)
	}
	if s.authenticated {
		groups = append(groups, secretCases)
	}
	for _, group := range groups {
		cases = append(cases, group...)
	}
	return cases
}
