// Package trio has only tests: they build the programs of the demos, run them as processes, and start, kill, stop and
// restart them in every order while pages are asked for.
package trio
