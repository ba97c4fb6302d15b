package servicetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"quartet/handler"
	"quartet/service"
	"quartet/service/servicetest"
	"quartet/transport"
)

// A client whose instance cannot be heard for a while. In a test servicetest.New would start both sides.
func ExampleNewChaos() {
	addr := service.Addr{Requests: "inproc://fragile", Responses: "inproc://fragile_response"}
	server := service.NewServer("text", handler.Typed(upper))
	served := make(chan error)
	go func() { served <- server.Serve(addr) }()
	chaos := servicetest.NewChaos(1)
	client := service.NewClient(service.WithConnWrapper(chaos.Wrap))
	if err := client.Register("text", []service.Addr{addr}); err != nil {
		fmt.Println(err)
	}
	ask := func() {
		out, err := service.Invoke[string](context.Background(), client, "text", "/upper", "quartet", service.WithTimeout(time.Second/10))
		fmt.Printf("%q %t\n", out, errors.Is(err, service.ErrTimeout))
	}
	ask()
	chaos.Set(servicetest.Faults{BlackHole: true})
	ask()
	chaos.Heal()
	ask()
	fmt.Println(client.Close(), server.Close(), <-served)
	// Output:
	// "QUARTET" false
	// "" true
	// "QUARTET" false
	// <nil> <nil> service: closed
}

// TestChaos: faults at one side are enough, and in a bubble they cost no time.
func TestChaos(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		chaos := servicetest.NewChaos(1)
		c := servicetest.New(t, "text", handler.Typed(upper), service.WithConnWrapper(chaos.Wrap))
		ask := func() (string, error) {
			return service.Invoke[string](t.Context(), c, "text", "/upper", "quartet")
		}
		chaos.Set(servicetest.Faults{Latency: 300 * time.Millisecond})
		began := time.Now()
		out, err := ask()
		is.NoErr(err)
		is.Equal(out, "QUARTET")
		is.Equal(time.Since(began), 600*time.Millisecond) // there and back

		chaos.Set(servicetest.Faults{BlackHole: true})
		began = time.Now()
		_, err = ask()
		is.True(errors.Is(err, service.ErrUnavailable)) // not a byte of it could be written
		took := time.Since(began)                       // its links were given up, another instance waited for
		is.True(took >= transport.DefaultDead && took <= transport.DefaultDead+service.DefaultWait)

		chaos.Heal()
		out, err = ask()
		is.NoErr(err)
		is.Equal(out, "QUARTET")

		chaos.Set(servicetest.Faults{Reset: 1})
		_, err = ask()
		is.True(err != nil)
		chaos.Heal()
		_, err = ask()
		is.NoErr(err) // there are new links
	})
}
