package wire

import (
	"math"
	"time"
)

// MinVersion is the oldest version of the contract that Decode accepts, Version the newest.
const MinVersion = 1

// Limits of every msgpack value that Scan accepts.
const (
	MaxDepth    = 32    // open arrays and maps, the outermost one included
	MaxElements = 65536 // values in all; keys, values and containers count one each
)

// Limits of the fields of a message. Append and Decode refuse what exceeds them. Lengths are in bytes.
const (
	MaxPath         = 4096 // a path, or the pattern of a route
	MaxMethod       = 32   // a METHOD
	MaxName         = 256  // the name of a service, a process, a header or an argument
	MaxReason       = 1024 // the reason of a response
	MaxHeaderNames  = 128  // names in one header
	MaxHeaderValues = 1024 // values in one header, all names together
	MaxArgs         = 256  // arguments of one request
	MaxRoutes       = 4096 // routes in one hello; an instance with more tells none
	MaxServices     = 1024 // services in one hello
)

// Limits of a whole message.
const (
	// MaxEnvelope bounds a message without its body, so that a frame limit of
	// MaxEnvelope more than the body limit fits every message.
	MaxEnvelope = 64 << 10
	// MaxHello bounds a hello, which has no body but may have many routes.
	MaxHello = 1 << 20
)

// Limits of durations: the most that fits a time.Duration in the unit of the wire.
const (
	MaxLeft    = math.MaxInt64 / time.Millisecond * time.Millisecond // of Request.Left
	MaxElapsed = math.MaxInt64 / time.Microsecond * time.Microsecond // of Response.Queued and Response.Run
)
