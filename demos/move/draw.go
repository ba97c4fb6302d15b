package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"os"
	"strconv"
)

// render is the CPU-heavy route, an ordinary HTTP handler. It neither knows nor cares which process it runs in; the
// header drawn-by tells the visitor.
var render http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	picture, err := draw(r.Context(), 600, 400)
	if err != nil {
		return // nobody waits for the picture any more
	}
	var body bytes.Buffer
	if err := png.Encode(&body, picture); err != nil {
		http.Error(w, "the picture cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Drawn-By", strconv.Itoa(os.Getpid()))
	_, _ = w.Write(body.Bytes())
})

const (
	centerX, centerY = -0.7445, 0.1260 // in the valley of the sea horses
	spanX            = 0.0140          // of the picture's width
	limit            = 1200            // rounds until a point counts as inside
)

// draw computes a part of the Mandelbrot set, in one goroutine. It stops at the end of a row when ctx has ended.
func draw(ctx context.Context, width, height int) (*image.RGBA, error) {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	step := spanX / float64(width)
	for py := range height {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		y := centerY + (float64(py)-float64(height)/2)*step
		for px := range width {
			x := centerX + (float64(px)-float64(width)/2)*step
			picture.SetRGBA(px, py, paint(escape(x, y)))
		}
	}
	return picture, nil
}

// escape counts the rounds, with a fraction, until z = z² + c leaves for good; 0 means never.
func escape(cx, cy float64) float64 {
	x, y := 0.0, 0.0
	for n := range limit {
		x2, y2 := x*x, y*y
		if r2 := x2 + y2; r2 > 256 {
			return float64(n) + 1 - math.Log2(math.Log2(r2)/2)
		}
		x, y = x2-y2+cx, 2*x*y+cy
	}
	return 0
}

// paint gives inside the colour of ink, and outside one of a wheel.
func paint(rounds float64) color.RGBA {
	if rounds == 0 {
		return color.RGBA{R: 0x15, G: 0x16, B: 0x1a, A: 0xff}
	}
	turn := 0.35 * math.Sqrt(rounds)
	wave := func(shift float64) uint8 { return uint8(128 + 110*math.Sin(turn+shift)) }
	return color.RGBA{R: wave(0.2), G: wave(1.1), B: wave(2.2), A: 0xff}
}
