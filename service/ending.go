package service

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// shutdown ends a remote; see Client.Shutdown. Of several that end it the least patient counts, and all get
// the same errors; who comes after the end gets none.
func (r *remote) shutdown(ctx context.Context) (cut, stuck error) {
	r.mu.Lock()
	first := !r.closed.Swap(true)
	if first {
		r.capacityChanged()
	}
	r.mu.Unlock()
	if !first {
		return r.join(ctx)
	}
	stop := context.AfterFunc(ctx, func() { r.cutNow(context.Cause(ctx)) }) // whatever the rest waits for
	defer stop()
	closeAll(r.nodes) // diallers would come again
	r.mu.Lock()
	r.unbound = true
	r.placeWaiting() // who waits for an instance to come need not any more
	r.mu.Unlock()
	placed := r.afterForwards(ctx)
	select {
	case <-placed:
		r.sayBye()
	case <-r.cut:
	case <-ctx.Done():
		r.cutNow(context.Cause(ctx))
	}
	idle := r.active.idle() // from here on no forward arrives
	select {
	case <-idle:
	case <-r.cut:
	case <-ctx.Done():
		r.cutNow(context.Cause(ctx))
	}
	select { // what was cut ends at once, but response handlers may take no notice
	case <-idle:
	case <-time.After(closeLimit):
		r.stuckErr = fmt.Errorf("service %s: response handlers still run", r.name)
	}
	r.cutNow(nil)
	r.closePeers()
	close(r.ended)
	return r.cutErr, r.stuckErr
}

// join waits for an end that has begun.
func (r *remote) join(ctx context.Context) (cut, stuck error) {
	select {
	case <-r.ended:
		return nil, nil
	default:
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.cutNow(context.Cause(ctx))
		<-r.ended
	}
	return r.cutErr, r.stuckErr
}

// cutNow ends the grace, once. The error tells of it if that cut something off.
func (r *remote) cutNow(why error) {
	for _, a := range r.cutOff(why) {
		a.abandon(failure(ErrLost, cutText))
	}
}

// cutOff tells those who wait that the grace is over, and returns the Sends for which nobody does.
func (r *remote) cutOff(why error) (parked []*attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut() {
		return nil
	}
	if why != nil && r.active.n.Load() > 0 {
		r.cutErr = fmt.Errorf("service %s: calls were cut off: %w", r.name, why)
	}
	close(r.cut)
	r.stop()
	for _, i := range r.instances {
		for _, a := range i.pending {
			switch {
			case a.parked != nil:
				parked = append(parked, a)
			case !a.left:
				a.inbox.put(result{err: errCut})
			}
		}
	}
	return parked
}

// isCut says that the grace is over.
func (r *remote) isCut() bool {
	select {
	case <-r.cut:
		return true
	default:
		return false
	}
}

// sayBye tells the instances that no more requests come, so that those that dial look for who comes after
// this app. What comes back unserved from now on has no other instance to go to.
func (r *remote) sayBye() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byeSaid = true
	for _, i := range r.instances {
		i.draining = true
		i.sayBye()
	}
	r.placeWaiting()
}

func (r *remote) closePeers() {
	r.mu.Lock()
	instances := slices.Clone(r.instances)
	r.mu.Unlock()
	for _, i := range instances {
		i.sayBye()
		i.peer.Close()
	}
	for _, i := range instances {
		<-i.peer.Done()
	}
}
