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
// Instances come and go; the client finds the least loaded that is there, keeps within the window that
// each announces, and refuses in milliseconds what nobody can take. No wait is without a deadline and
// no queue without a bound; the Default constants say which.
package service
