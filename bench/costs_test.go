package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/matryer/is"
)

func TestParseStrace(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	counts, err := parseStrace(strings.NewReader(`    calls syscall
--------- ----------------
      120 read
       60 write
        7 rt_sigaction
--------- ----------------
      187 total
`))
	is.NoErr(err)
	is.Equal(counts, syscalls{"read": 120, "write": 60, "rt_sigaction": 7})
	is.Equal(counts.total(), 187.0)
	name, most := counts.largest()
	is.True(name == "read" && most == 120)
	is.Equal(counts.each(10, syscalls{"read": 20, "rt_sigaction": 9}), syscalls{"read": 10, "write": 6, "rt_sigaction": 0})
	_, err = parseStrace(strings.NewReader("strace: cannot attach\n"))
	is.True(err != nil) // it counted nothing
}

func TestUsageOfBothSides(t *testing.T) {
	is := is.New(t)
	var out bytes.Buffer
	is.NoErr(testLab(t).printUsage(&out, 4))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	is.Equal(len(lines), 2) // of the app and of the service
	is.True(strings.HasPrefix(lines[0], "4 callers\tapp\t"))
	is.True(strings.HasPrefix(lines[1], "4 callers\tservice\t"))
}
