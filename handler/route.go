package handler

// AnyMethod stands in a Route for every METHOD.
const AnyMethod = "*"

// Route is one route, as Mux.Routes lists it and NewMatcher takes it.
type Route struct {
	Method  string // AnyMethod for every METHOD
	Pattern string // the whole pattern, mounts included
}
