package web_test

import "strings"

const (
	oddMethod = "the method does not go through a service"
	noTunnel  = "CONNECT does not go through a service"
)

// methodExchanges are about the METHOD.
func methodExchanges() []exchange {
	var all []exchange
	for _, method := range []string{
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
		"PROPFIND", "M-SEARCH", "UNDER_SCORE", "A", "X9", "REQUEST", "RESPONSE", strings.Repeat("M", 32),
		"", "G\u00c4T", "GE(T", "G\x00T", // these net/http refuses itself
	} {
		all = append(all, exchange{name: "METHOD " + q(method), send: request(method, "/a?b", "")})
		if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && method != "" {
			all = append(all,
				exchange{name: "METHOD with a body " + method, send: request(method, "/a", "body")},
				exchange{name: "METHOD for chi " + method, send: request(method, "/x/param/7", "")}) // 405 but for two
		}
	}
	for _, method := range []string{"get", "Get", "GeT", "FOO!", "1GET", "-A", "_A", "*", strings.Repeat("M", 33)} {
		all = append(all, exchange{name: "odd METHOD " + method, send: request(method, "/a", ""), differs: []difference{
			oddToken.refused(501, oddMethod)}})
	}
	return append(all,
		exchange{name: "OPTIONS *", send: request("OPTIONS", "*", "")}, // net/http answers it
		exchange{name: "GET *", send: get("*"), differs: []difference{
			tunnel.refused(501, "GET does not go through a service")}},
		exchange{name: "CONNECT", send: request("CONNECT", "example.com:443", ""), differs: []difference{
			tunnel.refused(501, noTunnel)}},
		exchange{name: "CONNECT to a path", send: request("CONNECT", "/a", ""), differs: []difference{
			tunnel.refused(501, noTunnel)}},
	)
}
