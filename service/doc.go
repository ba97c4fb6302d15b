// Package service is both ends of a call: the Client that an app embeds in its HTTP handlers, and the
// Server that runs the handlers of a service instance.
//
//	type pages struct{ *service.Client }
//
//	func (p pages) report(w http.ResponseWriter, r *http.Request) {
//		out, err := service.Invoke[Report](r.Context(), p, "slow", "/service/slow", in)
//		if err != nil {
//			web.Error(w, r, err)
//			return
//		}
//		…
//	}
//
// Call waits for the answer of an instance, Send does not: its answer goes to a response handler, which
// is called exactly once for every Send that was accepted. Every call ends in one of few ways, which
// are the Err variables of this package, and says by them whether the handler may have run.
//
// Instances come and go; the client finds the least loaded that is there, passes over those that fail, keeps within
// the window that each announces, and refuses in milliseconds what nobody can take. No wait is without a deadline
// and no queue without a bound; the Default constants say which.
//
// A handler of an instance that calls other services gives its own context to a Client: the call then has the time
// that is left, ends when nobody waits any more, and belongs to the same event (handler.Trail). A handler may
// also leave its request to another service (handler.Forward): the client that asked sends it on.
//
// Package web has what pages need, servicetest a service and its client in one process for tests.
package service
