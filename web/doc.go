// Package web is the HTTP side of Quartet: what a page that embeds a service client needs beyond net/http.
//
//	out, err := service.Invoke[Report](r.Context(), p, "slow", "/service/slow", in)
//	if err != nil {
//		web.Error(w, r, err) // 503, 504, 502 …, as JSON, HTML or plain text
//		return
//	}
//
// [Error] turns the outcome of a call into an HTTP answer, [Accepts] picks the format a client asked for, and
// [HTML] and [JSON] write an answer whole or not at all.
//
// A whole route moves to another process by one line in the app, and one in a service that runs the same HTTP handler, a
// chi router with its middlewares for one:
//
//	router.Mount("/reports", web.Offload(client, "reports"))     // was: router.Mount("/reports", reports)
//	server := service.NewServer("reports", web.Serve(reports))
//
// [Offload] and [Serve] say what crosses. [Forward] gives one request of a page up to a service. [RequestID] and
// [AccessLog] are middlewares for pages, at either end: one name and one line for each event. AccessLog is all that logs
// here.
//
// docs/WEB.md is a tour, with what to mind about time limits, shutdown and trust.
package web
