package wire

import (
	"fmt"
	"testing"
)

type benchCase struct {
	name string
	m    Message
}

func benchCases() []benchCase {
	small := fullRequest(ID{1})
	large := fullRequest(ID{1})
	large.Body = make([]byte, 1<<20)
	return []benchCase{{"bye", &Bye{}}, {"request", small}, {"request with 1 MiB", large}}
}

func BenchmarkAppend(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			dst, err := Append(nil, c.m)
			b.ReportAllocs()
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				dst, err = Append(dst[:0], c.m)
			}
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range benchCases() {
		b.Run(c.name, func(b *testing.B) {
			frame, err := Append(nil, c.m)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, err := Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	bodies := map[string]any{"number": 1, "1,000 items": make([]item, 1000), "1 MiB": make([]byte, 1<<20)}
	for name, body := range bodies {
		b.Run(name, func(b *testing.B) {
			frame, err := Marshal(body)
			if err != nil {
				b.Fatal(err)
			}
			benchScan(b, frame, nil)
		})
	}
	for _, n := range []int{8, 64, 1000, 32767} {
		b.Run(fmt.Sprintf("map of %d keys", n), func(b *testing.B) { benchScan(b, mapOf(n, -1, textKey), nil) })
	}
	// The dearest refusal there is.
	b.Run("map of 32767 keys, last one twice", func(b *testing.B) { benchScan(b, mapOf(32767, 0, textKey), ErrDuplicateKey) })
}

func benchScan(b *testing.B, input []byte, want error) {
	b.ReportAllocs()
	b.SetBytes(int64(len(input)))
	for b.Loop() {
		if err := Scan(input); (err == nil) != (want == nil) {
			b.Fatal(err)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	for _, n := range []int{1, 1000} {
		items := make([]item, n)
		body, err := Marshal(items)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("Marshal %d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := Marshal(items); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Unmarshal %d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				var into []item
				if err := Unmarshal(body, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
