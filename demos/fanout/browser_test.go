package main

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/matryer/is"

	"quartet/demos/internal/demotest"
)

// TestBrowser kills what the page says can be killed.
func TestBrowser(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	_, site := startAll(t, "-again", "1m")
	tab := demotest.NewTab(t, site.URL)
	tab.Until("ten parts", `all(".part").length === 10 && !one(".failed") && text("#stock .text") === "7 in the warehouse"`)
	tab.Until("how long it took", `text("#took").trim().endsWith("s")`)
	kill := strings.Fields(tab.Text("#stock .pid"))
	is.Equal(kill[:2], []string{"kill", "-9"})
	pid, err := strconv.Atoi(kill[2])
	is.NoErr(err)
	is.NoErr(syscall.Kill(pid, syscall.SIGKILL))

	tab.Click(".actions a") // again
	tab.Until("nine parts and the one that is missing",
		`all(".part").length === 10 && all(".failed").length === 1 && text("h1") === "9 of 10 parts" && text("#stock .text").includes("its process ended (signal: killed)")`)
	tab.Shots("fanout")
	tab.Open(site.URL + "/?deadline=500ms")
	tab.Until("late parts", `text("#advice .text").includes("no answer within 500ms") && text("#price .text") === "429.00, tax included"`)
}
