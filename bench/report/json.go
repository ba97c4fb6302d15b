package report

import (
	"encoding/json"
	"io"
	"strings"
)

// breaks begins a line for each group, series and aim. Within a string the quotes would be escaped.
var breaks = strings.NewReplacer(`{"ID":`, "\n{\"ID\":", `{"Name":`, "\n {\"Name\":", `{"Topic":`, "\n{\"Topic\":")

// WriteJSON writes everything for programs, a line for each series, so that diff can tell two runs apart.
func WriteJSON(w io.Writer, r *Run, verdicts []Verdict) error {
	file := struct {
		*Run
		Aims []verdictJSON
	}{Run: r}
	for _, v := range verdicts {
		file.Aims = append(file.Aims, flat(v))
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	_, err = breaks.WriteString(w, string(text)+"\n")
	return err
}

// verdictJSON is a Verdict as JSON, which has no infinity.
type verdictJSON struct {
	Topic, Text, Wanted string
	Status              Status
	Against             string `json:",omitempty"`
	Median, Min, Max    float64
	Rounds              int
	Apart               float64 // 0 where nobody can tell
}

func flat(v Verdict) verdictJSON {
	f := verdictJSON{
		Topic: v.Aim.Topic, Text: v.Aim.Text, Wanted: v.Aim.Wanted(), Status: v.Status, Against: v.Against,
		Median: fiveDigits(v.Value.Median), Min: fiveDigits(v.Value.Min), Max: fiveDigits(v.Value.Max), Rounds: v.Value.N,
	}
	if v.Value.N > 2 {
		f.Apart = fiveDigits(v.Apart)
	}
	return f
}

// ReadJSON reads what WriteJSON wrote, but for the aims: they are judged anew.
func ReadJSON(in io.Reader) (*Run, error) {
	var r Run
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return nil, err
	}
	return &r, nil
}
