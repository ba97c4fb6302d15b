package demotest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is a browser of its own, closed when its test ends. What the page complains of fails the test.
type Tab struct {
	t   *testing.T
	ctx context.Context
}

// NewTab opens a browser at an address.
func NewTab(t *testing.T, url string) *Tab {
	t.Helper()
	ctx, stop := chromedp.NewExecAllocator(context.Background(), chromium(t)...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx)
	t.Cleanup(leave)
	b := &Tab{t: t, ctx: ctx}
	b.do("a browser", chromedp.EmulateViewport(1024, 1000))
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	b.Open(url)
	return b
}

func chromium(t *testing.T) []chromedp.ExecAllocatorOption {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless}
		for _, flag := range []string{"disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check",
			"disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage"} {
			options = append(options, chromedp.Flag(flag, true))
		}
		if os.Geteuid() == 0 { // the sandbox refuses root, which is who tests in a container often are
			options = append(options, chromedp.NoSandbox)
		}
		return options
	}
	t.Fatal("this test needs a browser and finds no chromium: `make test` installs it, or says how")
	return nil
}

// listen runs while the browser waits, so it only looks.
func (b *Tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.t.Errorf("the browser complains: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.t.Errorf("the browser complains: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

func (b *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx := b.ctx
	if chromedp.FromContext(ctx).Browser != nil { // the first context given is the life of the browser
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		ctx = limited
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// Open loads a page.
func (b *Tab) Open(url string) {
	b.t.Helper()
	b.do("open "+url, chromedp.Navigate(url))
}

// Click clicks on what a CSS selector finds.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.do("click on "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Text is that of the first element that a selector finds.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("the text of %s: %v", selector, err)
	}
	return strings.TrimSpace(text)
}

// Until waits for a condition in the page; it may use one(selector), all(selector) and text(selector).
func (b *Tab) Until(what, condition string) {
	b.t.Helper()
	script := `(() => {
		const one = (s) => document.querySelector(s);
		const all = (s) => [...document.querySelectorAll(s)];
		const text = (s) => one(s) ? one(s).textContent : "";
		return Boolean(` + condition + `);
	})()`
	b.do(what, chromedp.Steps(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			if ok, err := chromedp.Evaluate[bool](script)(ctx, t); ok || err != nil {
				return chromedp.Void{}, err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return chromedp.Void{}, fmt.Errorf("%s: %w", condition, ctx.Err())
			}
		}
	}))
}

// Shots saves what the tab shows where QUARTET_SCREENSHOTS says, for people to look at: as it is, in the dark, and as a
// telephone shows it, which the tab is from then on.
func (b *Tab) Shots(name string) {
	b.t.Helper()
	b.shot(name)
	b.scheme("dark")
	b.shot(name + "-dark")
	b.scheme("light")
	b.do("a telephone", chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	b.shot(name + "-narrow")
}

func (b *Tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("QUARTET_SCREENSHOTS")
	if dir == "" {
		return
	}
	b.Until("the page has a shape", `document.readyState === "complete" && document.documentElement.clientWidth > 0`)
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *Tab) scheme(name string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}
