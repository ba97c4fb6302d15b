package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
)

// netnsCall calls a service once.
func netnsCall(c service.Caller, name, path string) error {
	_, err := c.Call(context.Background(), name, &handler.Request{Path: path}, service.WithTimeout(patience))
	return err
}

// netnsBack calls until that succeeds.
func netnsBack(t testing.TB, c service.Caller, name string) (took time.Duration) {
	t.Helper()
	began := time.Now()
	for {
		err := netnsCall(c, name, "/quick")
		if err == nil {
			return time.Since(began)
		}
		if time.Since(began) > patience {
			t.Fatalf("%s does not come back: %v", name, err)
		}
	}
}

// The cable is cut and mended: what was under way is lost, in time and by name; soon after, calls succeed again.
// Whoever binds.
func TestTimedCableCut(t *testing.T) {
	t.Parallel()
	onTwoHosts(t, func(t *testing.T, far *farHost) {
		is := is.New(t)
		far.up()
		c := service.NewClient(service.WithSecret(secret), service.WithTimeout(patience))
		defer c.Close()
		addrs := map[string]service.Addr{
			"theirs": {Requests: "tcp://" + firstHost + ":7001", Responses: "tcp://" + firstHost + ":7002", ServiceBinds: true},
			"ours":   {Requests: "tcp://" + appHost + ":7003", Responses: "tcp://" + appHost + ":7004"},
		}
		for name, a := range addrs {
			is.NoErr(c.Register(name, []service.Addr{a}))
			far.serve(name, a)
			is.NoErr(c.Ready(t.Context(), name))
			is.NoErr(netnsCall(c, name, "/quick")) // served
		}
		for _, end := range []string{"theirs", "ours"} { // of the cable
			cable := func(state string) {
				if end == "ours" {
					sh(t, "ip link set cable "+state)
				} else {
					far.do("ip link set cable " + state)
				}
			}
			const each = 5
			lost := make(chan error, 2*each)
			for name := range addrs {
				for range each {
					go func() { lost <- netnsCall(c, name, "/slow") }()
				}
			}
			await(t, "the calls are under way", func() bool { return c.Pending("theirs") == each && c.Pending("ours") == each })
			cut := time.Now()
			cable("down")
			for range 2 * each {
				err := recv(t, lost, "the end of a call")
				is.True(errors.Is(err, service.ErrLost)) // told that it may have run
			}
			is.True(time.Since(cut) < deadTime+slack) // in time
			t.Logf("cut at %s end: lost after %v", end, time.Since(cut))
			is.True(errors.Is(netnsCall(c, "theirs", "/quick"), service.ErrUnavailable)) // nobody is there meanwhile
			<-time.After(cutTime - time.Since(cut))
			cable("up")
			mended := time.Now()
			for name := range addrs {
				netnsBack(t, c, name)
				took := time.Since(mended)
				t.Logf("mended at %s end: %s back after %v", end, name, took)
				is.True(took < 2*time.Second) // dialled anew, not retransmitted
			}
		}
	})
}

// The service moves to another address: who dials by name follows.
func TestAddressChangesBehindAName(t *testing.T) {
	t.Parallel()
	onTwoHosts(t, func(t *testing.T, far *farHost) {
		is := is.New(t)
		far.up()
		c := service.NewClient(service.WithSecret(secret), service.WithTimeout(patience), service.WithWait(patience))
		defer c.Close()
		named := service.Addr{Requests: "tcp://" + netnsName + ":7001", Responses: "tcp://" + netnsName + ":7002", ServiceBinds: true}
		is.NoErr(c.Register(svc, []service.Addr{named}))
		far.serve(svc, service.Addr{Requests: "tcp://*:7001", Responses: "tcp://*:7002", ServiceBinds: true})
		is.NoErr(netnsCall(c, svc, "/quick")) // at the first address

		under := make(chan error, 1)
		go func() { under <- netnsCall(c, svc, "/slow") }()
		await(t, "the call is under way", func() bool { return c.Pending(svc) == 1 })
		far.do("ip addr del " + firstHost + "/24 dev cable")
		far.do("ip addr add " + secondHost + "/24 dev cable")
		far.name(secondHost)
		is.True(errors.Is(recv(t, under, "the end of the call"), service.ErrLost)) // its link is gone
		is.NoErr(netnsCall(c, svc, "/quick"))                                      // at the second
	})
}
