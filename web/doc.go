// Package web is the HTTP side of Quartet: what a page that embeds a service client needs beyond net/http.
//
//	out, err := service.Invoke[Report](r.Context(), p, "slow", "/service/slow", in)
//	if err != nil {
//		web.Error(w, r, err) // 503, 504, 502 …, as JSON, HTML or plain text
//		return
//	}
//
// [Error] turns the outcome of a call into an HTTP answer, [Accepts] picks the format a client asked for, and
// [HTML] and [JSON] write an answer whole or not at all. The package keeps no state and logs nothing.
package web
