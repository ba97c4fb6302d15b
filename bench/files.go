package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"quartet/bench/report"
)

// write puts everything into a directory and prints the table.
func write(dir string, r *report.Run) error {
	verdicts := report.Judge(r, aims)
	err := errors.Join(
		toFile(dir, "table.txt", func(w io.Writer) error { return report.WriteTable(w, r, verdicts) }),
		toFile(dir, "results.json", func(w io.Writer) error { return report.WriteJSON(w, r, verdicts) }),
		toFile(dir, "rates.svg", func(w io.Writer) error { return report.WriteSVG(w, r, panels) }),
		report.WriteTable(os.Stdout, r, verdicts))
	if err == nil {
		fmt.Printf("\nThe same in %s: table.txt, results.json, rates.svg\n", dir)
	}
	return err
}

func toFile(dir, name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// compare says whether two runs agree.
func compare(files []string) error {
	if len(files) != 2 {
		return errors.New("-compare wants two results.json")
	}
	var runs [2]*report.Run
	for i, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		runs[i], err = report.ReadJSON(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := report.Compare(os.Stdout, runs[0], runs[1], aims)
	return err
}
