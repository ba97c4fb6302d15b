package service

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"quartet/transport"
)

// secretPoll is how often a watched secret file is looked at.
const secretPoll = time.Second

// secretHolder is a node whose secret can change.
type secretHolder interface{ SetSecret(transport.Secret) }

func setSecrets(nodes []node, s Secret) {
	for _, n := range nodes {
		if h, ok := n.(secretHolder); ok {
			h.SetSecret(s)
		}
	}
}

// SetSecret puts another secret in force for every service that was registered without one of its own.
// Links that were admitted under a key that s does not hold get their last answers and are closed, after
// 10 s at the latest; diallers dial anew beside them. The zero Secret changes nothing.
func (c *Client) SetSecret(s Secret) {
	if s.IsZero() {
		return
	}
	c.registering.Lock()
	defer c.registering.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opts.secret = s
	for _, r := range slices.AppendSeq(slices.Collect(maps.Values(c.remotes)), maps.Keys(c.leaving)) {
		if !r.ownSecret {
			r.setSecret(s)
		}
	}
	c.tell()
}

func (r *remote) setSecret(s Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opts.secret = s
	setSecrets(r.nodes, s)
	for _, i := range r.instances {
		if !i.peer.AdmittedBy(s) {
			i.letGo()
		}
	}
	r.capacityChanged()
}

// letGo ends the use of an instance: it gets no more requests, and its peer is closed when it has answered
// the last. The remote's lock is held.
func (i *instance) letGo() {
	if i.leaving {
		return
	}
	i.leaving, i.draining = true, true
	i.peer.Retire()
	i.sayBye() // who dials dials anew beside it
	i.closeWhenIdle()
	time.AfterFunc(drainLimit, i.peer.Close)
}

// closeWhenIdle is called whenever an attempt has ended. The remote's lock is held.
func (i *instance) closeWhenIdle() {
	if i.leaving && len(i.pending) == 0 {
		i.peer.Close()
	}
}

// SetSecret puts another secret in force. Links that were admitted under a key that s does not hold get
// their last answers and are closed, after 10 s at the latest; diallers dial anew beside them. The zero Secret
// changes nothing.
func (s *Server) SetSecret(secret Secret) {
	if secret.IsZero() {
		return
	}
	s.serving.Lock()
	defer s.serving.Unlock()
	s.mu.Lock()
	s.opts.secret = secret
	setSecrets(s.nodes, secret)
	s.mu.Unlock()
	for _, a := range s.snapshot() {
		if !a.peer.AdmittedBy(secret) {
			a.dismiss()
		}
	}
}

// dismiss asks an app to send no more on this link, and closes it when its last request is answered.
func (a *app) dismiss() {
	a.mu.Lock()
	a.dismissed = true
	a.mu.Unlock()
	a.peer.Retire()
	a.sayBye()
	time.AfterFunc(byeLimit, a.letGoIfDismissed) // a plain peer knows no bye
	time.AfterFunc(drainLimit, a.peer.Close)
}

// letGoIfDismissed is called whenever the last job has ended, and when the app has said bye.
func (a *app) letGoIfDismissed() {
	a.mu.Lock()
	dismissed := a.dismissed
	a.mu.Unlock()
	if dismissed {
		a.letGo()
	}
}

// WatchSecret calls set with the secret that a file holds, looks at the file once a second, and calls set again
// when that has changed, until ctx ends; it returns ctx's cause. A file that
// was written less than a second ago is left alone until it is older: half of a passphrase may be a passphrase, too. A file that cannot be read, or holds no secret, is logged once and changes
// nothing.
func WatchSecret(ctx context.Context, file string, set func(Secret), log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	last, err := ReadSecret(file)
	if err != nil {
		return err
	}
	set(last) // it may have changed since the caller read it
	tick := time.NewTicker(secretPoll)
	defer tick.Stop()
	var seen os.FileInfo
	warned := ""
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		info, err := os.Stat(file)
		if err == nil && seen != nil && info.ModTime().Equal(seen.ModTime()) && info.Size() == seen.Size() && os.SameFile(info, seen) {
			continue
		}
		if err == nil {
			if age := time.Since(info.ModTime()); age >= 0 && age < secretPoll {
				continue // it may be half written
			}
		}
		seen = info
		now, err := ReadSecret(file)
		if err == nil {
			warned = ""
		}
		switch {
		case err != nil && err.Error() != warned:
			warned = err.Error()
			log.Warn("the secret stays as it was", "file", file, "cause", warned)
		case err == nil && !now.Equal(last):
			last = now
			set(now)
			log.Info("the secret has changed", "file", file)
		}
	}
}
