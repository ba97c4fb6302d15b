// Package middleware holds middlewares for a service, most of which serve response handlers as well. They have the names
// and the ways of chi's, which are the ones for pages.
//
// A handler.Mux takes them by Use, for all that it serves, and by With, for some routes. The first is the outermost:
//
//	var mux handler.Mux
//	mux.Use(
//		middleware.RequestID(),      // first: the log tells the id
//		middleware.AccessLog(log),   // sees all that the others refuse
//		middleware.Recoverer(nil),   // a panic is an error to those above
//		middleware.RateLimit(50, 100),
//	)
//	mux.Method("get", "/reports/{id}", report)
//	mux.With(
//		middleware.ThrottleBacklog(4, 16, time.Second), // of these, four at once
//		middleware.Timeout(5*time.Second),              // without the time of waiting for a turn
//		middleware.Compress(1400),                      // takes a turn, and time, too
//	).Method("get", "/exports/{id}", export)
//
// A middleware that limits something (Throttle, ThrottleBacklog, RateLimit) has one limit for all routes that
// share the value it returned; call it again for another limit.
//
// What they refuse is a *handler.Error, with its status, a reason and a header that the caller sees: 429, 503 and
// 504. None of them starts a goroutine, and all are safe for concurrent use. Arguments that make no sense panic, when
// the routes are put together.
package middleware
