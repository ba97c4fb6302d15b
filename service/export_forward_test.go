package service

// Held is how many bytes of Sends that are not settled a client keeps book of.
func (c *Client) Held() int64 { return c.held.Load() }
