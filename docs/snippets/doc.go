// Package snippets holds no code, only tests: the programs that README.md and the pages of docs quote. Its own test sees
// to it that every line of Go on those pages stands here, and so compiles; the others see to it that it works.
package snippets
