package service

// Pending counts the requests of a service that instances have and have not answered.
func (c *Client) Pending(name string) (n int) {
	r, err := c.remote(name)
	if err != nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.instances {
		n += len(i.pending)
	}
	return n
}
