package demos_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/matryer/is"

	"quartet/demos/internal/slow"
)

// TestBrowser is a visitor's first minute, in a real browser: at the app's own web address, and at a front door.
func TestBrowser(t *testing.T) {
	t.Parallel()
	t.Run("app", func(t *testing.T) {
		t.Parallel()
		shared := sockets(t)
		app, v := startApp(t, shared)
		visit(t, v, app, start(t, "service", shared...), "")
	})
	t.Run("front", func(t *testing.T) {
		t.Parallel()
		step, shared := newDoorstep(t), sockets(t)
		_, v := step.front(t)
		visit(t, v, step.app(t, shared...), start(t, "service", shared...), "front-")
	})
}

// visit clicks on everything. The screenshots' names begin with prefix.
func visit(t *testing.T, v visitor, app, service *process, prefix string) {
	t.Helper()
	v.await(t, "/readyz", 200)
	tab := newTab(t)

	tab.do("the home page", chromedp.Navigate(v.base), chromedp.WaitVisible(chromedp.CSS("#both")))
	tab.screenshot(prefix + "home")

	tab.do("a click on sync", choose("1s"), click("button[data-call=sync]"))
	tab.until("the round trip's text", `text(".run.sync .text").includes("`+slow.SyncText+`")`)

	tab.do("a click on async", choose("3s"), click("button[data-call=async]"))
	tab.until("success while the service still works",
		`one(".run.async .page.done") && !one(".run.async .later.done") && text(".run.async .text").includes("On its way.")`)
	service.logged(t, "working .*delay=3s")
	tab.do("both at once", choose("3s"), click("#both"))
	tab.screenshot(prefix + "live")
	app.logged(t, `path=/service/slow METHOD=response status=200 text="`+slow.AsyncText+`"`)
	tab.until("the response handler's text",
		`[...document.querySelectorAll(".run.async")].every(r => r.querySelector(".later.done")) && text("#receipts").includes("`+slow.AsyncText+`")`)
	tab.until("no failure", `!one(".failed")`)
	tab.screenshot(prefix + "done")
	tab.dark(prefix + "done-dark")
	tab.narrow(prefix + "done-narrow")
}

// TestBrowserWithoutScript uses the same buttons and links as plain pages.
func TestBrowserWithoutScript(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	shared := sockets(t)
	_, v := startApp(t, shared)
	start(t, "service", append([]string{"-delay", "10ms"}, shared...)...)
	v.await(t, "/readyz", 200)
	tab := newTab(t, "400 (Bad Request)")
	tab.scriptsOff()
	for _, c := range []struct{ what, click, shows string }{
		{"the sync button", "button[data-call=sync]", slow.SyncText},
		{"the async button", "button[data-call=async]", "On its way."},
		{"the sync link", `a[href="/service/sync"]`, slow.SyncText},
		{"the async link", `a[href="/service/async"]`, "On its way."},
	} {
		tab.do(c.what, chromedp.Navigate(v.base), choose("1s"), click(c.click))
		heading, err := chromedp.Run(tab.ctx, chromedp.Text(chromedp.CSS(".result h1")))
		is.NoErr(err)
		is.True(strings.Contains(heading, c.shows)) // the page says what happened
	}
	tab.screenshot("page")
	tab.do("a page that fails", chromedp.Navigate(v.base+"/service/sync?delay=forever"), chromedp.WaitVisible(chromedp.CSS(".status")))
	tab.screenshot("error")
	tab.dark("error-dark")
}
