package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
)

func TestPicture(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 60, 3000} {
		is := is.New(t)
		var text strings.Builder
		is.NoErr(writeSVG(&text, "a < b", good(plan{lasts: time.Duration(n) * time.Second, every: time.Second})))
		lines, points := 0, 0
		for in := xml.NewDecoder(strings.NewReader(text.String())); ; {
			token, err := in.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			is.NoErr(err) // it is well-formed
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
				lines++
				for _, a := range e.Attr {
					if a.Name.Local == "points" {
						points = max(points, len(strings.Fields(a.Value)))
					}
				}
			}
		}
		is.Equal(lines, min(n, 1)*10)                    // two for each panel but that of failures, of which there are none
		is.True(points <= mostPoints)                    // it stays small
		is.True(!strings.Contains(text.String(), "NaN")) // and can be drawn
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	rows := good(plan{lasts: 8 * time.Hour, every: 2 * time.Hour, rate: 500})
	is.Equal(len(header()), len(rows[3].String()[:len(header())])) // columns stand below their names
	is.True(strings.HasSuffix(strings.TrimSpace(rows[3].String()), "3.0    7.0"))
	var file strings.Builder
	is.NoErr(writeCSV(&file, rows))
	is.True(strings.HasPrefix(file.String(), "elapsed,calls,panic,"))
	is.True(strings.Contains(file.String(), "\n7200.0,3600000,"))
}
