package web_test

import "strings"

const (
	noUpgrade  = "an upgrade to another protocol does not go through a service"
	noStream   = "an event stream does not go through a service"
	noTrailers = "trailers do not go through a service"
)

// hopExchanges are about fields that are between the client and the app, and those that ask for more than an answer.
func hopExchanges() []exchange {
	var all []exchange
	for field, value := range map[string]string{
		"Keep-Alive": "timeout=5", "Proxy-Connection": "keep-alive", "Proxy-Authenticate": "Basic", "Proxy-Authorization": "Basic YTpi",
		"Te": "trailers", "Http2-Settings": "AAMAAABkAAQAAP__", "Connection": "keep-alive",
	} {
		all = append(all, exchange{name: "hop " + field, send: get("/a", field+": "+value), differs: []difference{hops.without(field)}})
	}
	for _, field := range []string{
		"query", "scheme", "host", "remote-addr", "latin-1", "no-type", "route", "request-id", "callers", "anything", "",
	} {
		all = append(all, exchange{name: "reserved " + field, send: get("/a?b", "Quartet-"+field+": forged"),
			differs: []difference{reserved}})
	}
	for name, value := range map[string]string{
		"websocket": "websocket", "several": "h2c, websocket", "another": "TLS/1.0", "in capitals": "WebSocket",
	} {
		all = append(all, exchange{name: "upgrade " + name, send: get("/a", "Connection: Upgrade", "Upgrade: "+value),
			differs: []difference{upgrade.refused(501, noUpgrade)}})
	}
	for name, value := range map[string]string{
		"alone": "text/event-stream", "with parameters": "text/event-stream;q=0.9;charset=utf-8", "in capitals": "Text/Event-Stream",
	} {
		all = append(all, exchange{name: "stream " + name, send: get("/a", "Accept: "+value), differs: []difference{
			stream.by(func(a *reply) {
				text := "Not Implemented: " + noStream + "\n"
				*a = reply{line: "HTTP/1.1 501 Not Implemented", fields: []string{"Cache-Control: no-store", "Content-Length: 63",
					"Content-Type: text/plain; charset=utf-8", "Vary: Accept", "X-Content-Type-Options: nosniff"}, body: text}
			})}})
	}
	for _, method := range []string{"OPTIONS", "TRACE"} {
		all = append(all,
			exchange{name: "forwards of " + method, send: request(method, "/a", "", "Max-Forwards: 5"), differs: []difference{counted}},
			exchange{name: "no forwards of " + method, send: request(method, "/a", "", "Max-Forwards: 0"), differs: []difference{
				lastHop.by(func(a *reply) {
					*a = reply{line: "HTTP/1.1 200 OK", fields: []string{"Content-Length: 0"}}
				})}},
			exchange{name: "odd forwards of " + method, send: request(method, "/a", "", "Max-Forwards: -1")},
			exchange{name: "many forwards of " + method, send: request(method, "/a", "", "Max-Forwards: "+strings.Repeat("9", 99))},
		)
	}
	return append(all,
		exchange{name: "Connection names fields", send: get("/a", "Connection: x-gone, Also-Gone,,close", "X-Gone: 1", "Also-Gone: 2", "Stays: 3"),
			differs: []difference{hops.without("Connection", "X-Gone", "Also-Gone")}},
		exchange{name: "two Connections", send: get("/a", "Connection: x-gone", "connection: Cookie", "X-Gone: 1", "Cookie: a=b"),
			differs: []difference{hops.without("Connection", "X-Gone", "Cookie")}},
		exchange{name: "Connection names much", send: get("/a", "Connection: "+strings.Repeat("a,", 300<<10)),
			differs: []difference{hops.without("Connection")}},
		exchange{name: "upgrade to HTTP/2", send: get("/a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
			differs: []difference{hops.without("Connection", "Upgrade", "Http2-Settings")}},
		exchange{name: "trailers announced", send: request("POST", "/a", "", "Transfer-Encoding: chunked", "Trailer: X-Sum") +
			"2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n", differs: []difference{trailer.refused(501, noTrailers)}},
		exchange{name: "trailers by surprise", send: request("POST", "/a", "", "Transfer-Encoding: chunked") +
			"2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n", differs: []difference{trailer.refused(501, noTrailers)}},
	)
}
