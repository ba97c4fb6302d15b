// Package demos holds programs that show Quartet at work, each with a test.
//
// The trio is a web page whose slow work is done elsewhere: demos/app faces the web, demos/service does the work in a
// process of its own, and demos/monolith shows the same pages with the work done in the web process, for comparison.
package demos
