package main

import (
	"testing"

	"quartet/demos/internal/demotest"
)

// TestBrowser measures, and looks at the pictures.
func TestBrowser(t *testing.T) {
	t.Parallel()
	_, site := startAll(t, "-pictures", "2")
	tab := demotest.NewTab(t, site.URL)
	tab.Until("both lines", `text(".card.before code") === 'r.Mount("/render", render)' &&
		text(".card.after code") === 'r.Mount("/render", web.Offload(client, "render"))'`)
	tab.Until("both pictures", `all("img[width='600']").length === 2 && all("img").every(i => i.complete && i.naturalWidth > 0)`)
	tab.Until("no figures yet", `!one(".figure")`)
	tab.Click("#measure")
	tab.Until("figures", `all(".figure").length === 5 && all(".figure .time").every(f => /^[\d.]+\u00a0m?s$/.test(f.textContent))`)
	tab.Until("equal pictures", `/^All 2 \+ 2 pictures of the measurement are equal: \d+ bytes, SHA-256 [0-9a-f]{64}$/.test(text("#equal"))`)
	tab.Until("the pictures again", `all("img").every(i => i.complete && i.naturalWidth > 0)`)
	tab.Until("equal pixels", `(() => {
		const [before, after] = all("img[width='600']").map(i => {
			const canvas = new OffscreenCanvas(600, 400).getContext("2d");
			canvas.drawImage(i, 0, 0);
			return canvas.getImageData(0, 0, 600, 400).data;
		});
		return before.some(n => n !== before[0]) && before.every((n, i) => n === after[i]);
	})()`)
	tab.Shots("move")
}
