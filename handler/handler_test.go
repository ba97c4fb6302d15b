package handler_test

import (
	"context"
	"strings"
	"testing"

	"github.com/matryer/is"

	"quartet/handler"
)

func TestChain(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	h := handler.Chain(tags("a"), tags("b"))(says("x"))
	is.Equal(ask(h, "get", "/"), "a(b(x))")                                                       // the first is the outermost
	is.Equal(ask(handler.Chain()(says("x")), "get", "/"), "x")                                    // an empty chain changes nothing
	is.True(strings.HasPrefix(panicOf(t, func() { handler.Chain(tags("a"), nil) }), "handler: ")) // nil is found early
	none := func(handler.Handler) handler.Handler { return nil }
	is.True(strings.HasPrefix(panicOf(t, func() { handler.Chain(none)(says("x")) }), "handler: ")) // so is a nil result
}

func TestContext(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	type key struct{}
	outer, inner := &handler.Request{Path: "/outer"}, &handler.Request{Path: "/inner"}
	ctx := handler.NewContext(context.WithValue(context.Background(), key{}, 7), outer)
	is.Equal(handler.FromContext(ctx), outer)                            // the Request is there
	is.Equal(handler.FromContext(handler.NewContext(ctx, inner)), inner) // the innermost counts
	is.Equal(ctx.Value(key{}), 7)                                        // other values shine through
	is.Equal(handler.FromContext(context.Background()), nil)             // none outside of a handler
}
