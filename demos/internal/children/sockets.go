package children

import (
	"os"
	"strings"

	"quartet/service"
)

// Sockets is where a parent and its children meet: the path that the names of their ipc sockets begin with. It should be
// short, because a socket's path must be.
type Sockets string

// Addr is that of a service. The parent binds, so that children come and go by dialling.
func (s Sockets) Addr(name string) service.Addr {
	path := "ipc://" + string(s) + "." + name
	return service.Addr{Requests: path, Responses: path + "_response"}
}

// Tidy removes the locks beside the sockets of the services, which nobody needs once parent and children have ended.
func (s Sockets) Tidy(names ...string) {
	for _, name := range names {
		addr := s.Addr(name)
		for _, endpoint := range []string{addr.Requests, addr.Responses} {
			_ = os.Remove(strings.TrimPrefix(endpoint, "ipc://") + ".lock")
		}
	}
}
