package page

import (
	"strconv"
	"time"
)

// Duration is a time that JSON has in milliseconds, and people read with three digits or so: 3.24 ms, 1.02 s.
type Duration time.Duration

// Milliseconds are what a bar of the page takes.
func (d Duration) Milliseconds() float64 { return float64(time.Duration(d).Microseconds()) / 1000 }

// MarshalJSON writes the milliseconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, d.Milliseconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads them.
func (d *Duration) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	*d = Duration(n * float64(time.Millisecond))
	return err
}

// String is for people.
func (d Duration) String() string {
	n, unit := d.Milliseconds(), "\u00a0ms" // a space that no line breaks at
	if n >= 999.5 {                         // which would read 1000 ms
		n, unit = n/1000, "\u00a0s"
	}
	digits := 2
	for limit := 9.995; n >= limit && digits > 0; limit *= 10 {
		digits--
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + unit
}
