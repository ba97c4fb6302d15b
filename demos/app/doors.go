package main

import (
	"flag"

	"quartet/demos/internal/demo"
	"quartet/service"
)

// doors are the ways in to the pages: the web's own, and over ZeroMQ from a front door. There is one at least.
type doors struct {
	http  string       // web address; empty for none
	serve service.Addr // where front doors are met; empty for none
}

func (d *doors) flags(flags *flag.FlagSet) {
	flags.StringVar(&d.http, "http", "127.0.0.1:6767",
		"web `address`; port 0 takes any that is free; '' is none, as is the default where -serve-requests is given")
	flags.StringVar(&d.serve.Requests, "serve-requests", "",
		"`endpoint` that front doors send their requests over: the app is then the service \"app\"")
	flags.StringVar(&d.serve.Responses, "serve-responses", "", "`endpoint` that the pages go back over")
	flags.BoolVar(&d.serve.ServiceBinds, "serve-service-binds", false,
		"the app listens on both endpoints and any front door dials it; else the front door listens")
}

// settle says which doors there are, once the flags are parsed.
func (d *doors) settle(flags *flag.FlagSet) error {
	chosen := false
	flags.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "http" })
	switch {
	case (d.serve.Requests == "") != (d.serve.Responses == ""):
		return demo.Usage("-serve-requests and -serve-responses are given together")
	case d.serve.ServiceBinds && !d.behindFront():
		return demo.Usage("-serve-service-binds goes with -serve-requests and -serve-responses")
	case d.behindFront() && !chosen:
		d.http = ""
	case d.http == "" && !d.behindFront():
		return demo.Usage("the app has no door: give -http, or -serve-requests and -serve-responses, or all three")
	}
	return nil
}

func (d *doors) behindFront() bool { return d.serve.Requests != "" }
