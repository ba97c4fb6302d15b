// Package transport carries whole messages between two processes over ZeroMQ.
//
// A link is one authenticated ZMTP connection, PUSH at one end and PULL at the other. A Peer is the
// two links, one each way, to one process; they live and die together, and a Peer is all that the
// layers above ever see. A Listener binds the two endpoints of an address and meets any number of
// peers there; a Dialer keeps one peer per address, and dials again for ever.
//
// The ZMTP engine is github.com/go-zeromq/zmq4, of which only Open, Conn and Security are used: its
// sockets copy a message to every peer, report lost messages as sent, and die of nine bytes from a
// stranger. So each link has a handshake of its own, above a connection that checks every frame
// before the engine sees it, and which afterwards reads the messages itself (see frameConn).
//
// What is bounded: frames by Config.MaxFrame, memory of frames under way by one budget for the whole
// process, what waits to be written by Config.QueueMessages and QueueBytes, links and handshakes by
// MaxLinks and maxHandshakes, and every wait by a deadline. No goroutine outlives its Listener,
// Dialer or Peer. The contract on the wire is docs/PROTOCOL.md.
package transport
