package demos_test

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

// tab is a browser of its own, closed when its test ends. What the page complains of fails the test.
type tab struct {
	t       *testing.T
	ctx     context.Context
	expects string // a complaint that is part of the test
}

func newTab(t *testing.T, expects ...string) *tab {
	t.Helper()
	ctx, stop := chromedp.NewExecAllocator(context.Background(), chromium(t)...)
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx)
	t.Cleanup(leave)
	b := &tab{t: t, ctx: ctx, expects: strings.Join(expects, "")}
	b.do("a browser", chromedp.EmulateViewport(1024, 1000))
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
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
func (b *tab) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = e.ExceptionDetails.Text + " " + e.ExceptionDetails.URL
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			complaint = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if complaint != "" && (b.expects == "" || !strings.Contains(complaint, b.expects)) {
		b.t.Errorf("the browser complains: %s", complaint)
	}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
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

func click(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.CSS(selector))
}

// choose picks how long the work takes.
func choose(delay string) chromedp.Action[chromedp.Void] {
	return click(fmt.Sprintf("input[value=%q] + span", delay))
}

// until waits for a condition in the page; it may use one(selector) and text(selector).
func (b *tab) until(what, condition string) {
	b.t.Helper()
	script := `(() => {
		const one = (s) => document.querySelector(s);
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

func (b *tab) scriptsOff() {
	b.t.Helper()
	off := emulation.SetScriptExecutionDisabledParams{Value: true}
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
		b.t.Fatal(err)
	}
}

// screenshot saves what the tab shows where QUARTET_SCREENSHOTS says, for people to look at.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("QUARTET_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// dark and narrow are screenshots as other visitors see the page.
func (b *tab) dark(name string) {
	b.t.Helper()
	b.scheme("dark")
	b.screenshot(name)
	b.scheme("light")
}

func (b *tab) scheme(name string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) narrow(name string) {
	b.t.Helper()
	b.do("a telephone", chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	b.screenshot(name)
}
