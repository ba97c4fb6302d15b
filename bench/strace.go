package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// syscalls says how often each system call was made.
type syscalls map[string]float64

// strace is the command under which a process has its system calls counted, in all its threads, into a file.
func strace(file string) []string {
	return []string{"strace", "-f", "-c", "-U", "calls,name", "-o", file, "--"}
}

// readStrace reads what strace wrote.
func readStrace(file string) (syscalls, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counts, err := parseStrace(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return counts, nil
}

// parseStrace reads lines of a number and a name, between two lines of dashes; below them is the total.
func parseStrace(in io.Reader) (syscalls, error) {
	counts := syscalls{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		number, name, two := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		n, err := strconv.ParseFloat(number, 64)
		if two && err == nil && name != "total" {
			counts[strings.TrimSpace(name)] += n
		}
	}
	if len(counts) == 0 {
		return nil, fmt.Errorf("strace counted nothing: %w", lines.Err())
	}
	return counts, nil
}

// each is how many there are for each of n calls, without those that were made in any case.
func (s syscalls) each(n float64, anyCase syscalls) syscalls {
	part := syscalls{}
	for name, count := range s {
		part[name] = max(0, count-anyCase[name]) / n
	}
	return part
}

func (s syscalls) total() (n float64) {
	for _, count := range s {
		n += count
	}
	return n
}

func (s syscalls) largest() (name string, n float64) {
	for other, count := range s {
		if count > n {
			name, n = other, count
		}
	}
	return name, n
}
