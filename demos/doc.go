// Package demos holds programs that show Quartet at work, each with a test.
//
// The trio is a web page whose slow work is done elsewhere: demos/front faces the web and passes every request on to
// demos/app, which makes the pages, and demos/service does the slow work. Each is a process of its own. The app can face
// the web itself, too, and demos/monolith shows the same pages with the work done in the web process, for comparison.
package demos
