package wire

import "time"

// Version is the version of the wire contract that this package speaks.
const Version = 1

// Kind says what a message is. It is the second element of every message.
type Kind uint8

// The kinds of message.
const (
	KindRequest  Kind = 1 // app → instance
	KindResponse Kind = 2 // instance → app: the final message of a request
	KindForward  Kind = 3 // instance → app: the final message of a request that another service answers
	KindCancel   Kind = 4 // app → instance
	KindHello    Kind = 5 // both ways, first and again on change
	KindBye      Kind = 6 // both ways; answered by bye
)

// ID names one attempt of one request: 8 bytes random per process start, 8 bytes counter.
type ID [16]byte

// Message is one of the six messages: *Request, *Response, *Forward, *Cancel, *Hello, *Bye.
type Message interface {
	Kind() Kind
}

// Flags of a request.
type Flags uint8

// FlagSent marks a fire-and-forget request: nobody waits, the response is a receipt.
const FlagSent Flags = 1 << 0

// Request asks an instance to run the handler of Path and Method.
type Request struct {
	ID     ID
	Path   string // as chi routes it; begins with a slash
	Method string // a lower-case token, never empty on the wire
	Flags  Flags
	Hops   uint8
	// Left is the time left for the work; milliseconds on the wire, rounded up.
	Left time.Duration
	// Sent is the sender's clock in microseconds (any epoch: only differences on one link are used).
	Sent   int64
	From   string // the app that asks: its instance id
	Header map[string][]string
	Args   map[string]string
	Body   []byte
}

// Outcome says what became of a request at the instance.
type Outcome uint8

// The outcomes. All but OutcomeAnswered say that the handler did not run.
const (
	OutcomeAnswered   Outcome = 0
	OutcomeOverloaded Outcome = 1
	OutcomeDraining   Outcome = 2
	OutcomeExpired    Outcome = 3
	OutcomeForbidden  Outcome = 4
)

// Response is the final message of the request with the same ID.
type Response struct {
	ID      ID
	Outcome Outcome
	Method  string // chooses the response handler; "response" unless the service sets another
	Status  int    // as in HTTP, 100 to 599
	Reason  string
	Header  map[string][]string
	Body    []byte
	Queued  time.Duration // time waited for a free handler; microseconds on the wire
	Run     time.Duration // time in the handler; microseconds on the wire
	Load    uint32        // requests running and waiting at the instance when this was sent
}

// Forward is the final message of the request with the same ID: the app shall ask Service instead.
type Forward struct {
	ID      ID
	Service string
	Path    string
	Method  string
	Header  map[string][]string
	Args    map[string]string
	Body    []byte
}

// Cancel says that nobody waits for the request any more.
type Cancel struct{ ID ID }

// Route is one route that an instance serves.
type Route struct {
	Method  string // "*" for every METHOD
	Pattern string // in chi's grammar
}

// Hello introduces a process to its peer.
type Hello struct {
	Instance   string // the random id of the process, 32 hex digits
	Name       string // for people: host and pid, or what the user chose
	MinVersion uint8
	MaxVersion uint8

	// From an instance.
	Service        string
	Routes         []Route // nil: not told, every path may be tried
	WindowMessages uint32  // unanswered requests that the instance takes from this peer
	WindowBytes    uint64  // and their bytes

	// From an app.
	Services []string // the services it holds
	// Sent is the sender's clock, as in a Request: the measure of what requests lie in buffers, the first among them. 0: not
	// told.
	Sent int64
}

// Bye says that its sender takes no more requests (an instance) or sends no more (an app).
type Bye struct{}

// Kind returns KindRequest.
func (*Request) Kind() Kind { return KindRequest }

// Kind returns KindResponse.
func (*Response) Kind() Kind { return KindResponse }

// Kind returns KindForward.
func (*Forward) Kind() Kind { return KindForward }

// Kind returns KindCancel.
func (*Cancel) Kind() Kind { return KindCancel }

// Kind returns KindHello.
func (*Hello) Kind() Kind { return KindHello }

// Kind returns KindBye.
func (*Bye) Kind() Kind { return KindBye }
