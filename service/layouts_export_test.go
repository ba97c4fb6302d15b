package service

import "slices"

// ID is what the instance calls itself in its hello.
func (s *Server) ID() string { return s.id }

// InstanceIDs names those of a service that take requests, once for each peer: one that is met at two addresses
// twice.
func (c *Client) InstanceIDs(name string) (ids []string) {
	r, err := c.remote(name)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.instances {
		if i.takesRequests() {
			ids = append(ids, i.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// CutLinks cuts every peer of a service, and returns when the client has taken note of it.
func (c *Client) CutLinks(name string, why error) {
	r, err := c.remote(name)
	if err != nil {
		return
	}
	r.mu.Lock()
	instances := slices.Clone(r.instances)
	r.mu.Unlock()
	for _, i := range instances {
		i.peer.Abort(why)
	}
	for _, i := range instances {
		<-i.peer.Done()
	}
}

// PassedOver names the instances of a service that are asked only when there is no other.
func (c *Client) PassedOver(name string) (ids []string) {
	r, err := c.remote(name)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.instances {
		if !i.health.ejected.IsZero() {
			ids = append(ids, i.id)
		}
	}
	return ids
}
