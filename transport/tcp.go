package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// hostPort splits a checked tcp endpoint into what package net takes.
func (e Endpoint) hostPort() string {
	host, port, _ := net.SplitHostPort(e.rest)
	if host == "*" {
		host = ""
	}
	if port == "*" {
		port = "0"
	}
	return net.JoinHostPort(host, port)
}

func (e Endpoint) host() string {
	host, _, _ := net.SplitHostPort(e.rest)
	return host
}

// anyPort says that a binder takes any port that is free.
func (e Endpoint) anyPort() bool {
	if !e.overTCP() {
		return false
	}
	_, port, _ := net.SplitHostPort(e.rest)
	return port == "0" || port == "*"
}

// dialable refuses what only a binder can use.
func (e Endpoint) dialable() error {
	host, _, _ := net.SplitHostPort(e.rest)
	if e.overTCP() && (host == "*" || e.anyPort()) {
		return fmt.Errorf("%w %q: a dialler needs a host and a port", ErrEndpoint, e)
	}
	return nil
}

// Loopback says whether an endpoint cannot be reached from another host. A name counts by what it means,
// and only localhost is known to mean it.
func (e Endpoint) Loopback() bool {
	if !e.overTCP() {
		return true
	}
	host, _, _ := net.SplitHostPort(e.rest)
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

func listenTCP(e Endpoint) (net.Listener, error) {
	ln, err := net.Listen("tcp", e.hostPort())
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return ln, err
}

// dialTCP looks a name up anew for every dial: the address behind it may have changed.
func dialTCP(ctx context.Context, e Endpoint) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, "tcp", e.hostPort())
}

// boundAt is the endpoint as it was bound, with the port that the system chose.
func boundAt(e Endpoint, ln net.Listener) Endpoint {
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !e.anyPort() {
		return e
	}
	host, _, _ := net.SplitHostPort(e.rest)
	return Endpoint{e.scheme, net.JoinHostPort(host, fmt.Sprint(addr.Port))}
}
