package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/bench/machine"
)

// Report is one run.
type Report struct {
	Date    time.Time           `json:"date"`
	Commit  string              `json:"commit"`
	Mode    string              `json:"mode"`
	Took    string              `json:"took"`
	Machine machine.Description `json:"machine"`
	// Others is how many cores other programs kept busy meanwhile; absent where
	// the system does not tell.
	Others *float64 `json:"others,omitempty"`
	Rows   []Row    `json:"rows"`
}

// Missed names the rows that clearly miss their target.
func (r *Report) Missed() []string {
	var names []string
	for _, row := range r.Rows {
		if row.Verdict == Missed {
			names = append(names, row.Name)
		}
	}
	return names
}

// WriteJSON writes the report to a file.
func (r *Report) WriteJSON(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// WriteText prints the table for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range r.table() {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.caption())
	return err
}

// The lines between which README.md holds the latest run.
const (
	sectionBegin = "<!-- latest: written by bench/run -write -->"
	sectionEnd   = "<!-- end of latest -->"
)

// UpdateReadme puts the table into the section of path that is kept for it.
func (r *Report) UpdateReadme(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("update the README: %w", err)
	}
	before, rest, ok := bytes.Cut(old, []byte(sectionBegin))
	_, after, closed := bytes.Cut(rest, []byte(sectionEnd))
	if !ok || !closed {
		return fmt.Errorf("update the README: %s has no lines %q and %q", path, sectionBegin, sectionEnd)
	}
	var b bytes.Buffer
	b.Write(before)
	fmt.Fprintf(&b, "%s\n\n%s\n\n%s\n%s", sectionBegin, r.caption(), r.markdown(), sectionEnd)
	b.Write(after)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// quiet is the part of a machine that others may use before figures suffer.
const quiet = 0.1

func (r *Report) caption() string {
	s := fmt.Sprintf("%s, commit %s, %s run of %s: %s, %d cores, %s, %s.", r.Date.UTC().Format("2006-01-02"), r.Commit, r.Mode, r.Took,
		r.Machine.CPU, r.Machine.Cores, r.Machine.OS, r.Machine.Go)
	if r.Others != nil {
		s += fmt.Sprintf(" Other programs kept %s cores busy meanwhile.", number(*r.Others))
		if *r.Others > quiet*float64(r.Machine.Cores) {
			s += " That is too much for more than a rough idea: run it again on a quiet machine."
		}
	}
	return s
}

func (r *Report) table() [][]string {
	out := [][]string{{"what", "unit", "direct", "hop", "bridge", "bridge to hop", "(quartiles)", "target", "met"}}
	for _, row := range r.Rows {
		compared, spread := row.comparison()
		out = append(out, []string{row.Name, row.Unit, optional(row.Direct), optional(row.Hop), optional(row.Bridge),
			compared, spread, row.Target, string(row.Verdict)})
	}
	return out
}

func (r *Report) markdown() string {
	var b strings.Builder
	for i, row := range r.table() {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|---|--:|--:|--:|--:|---|---|---|\n")
		}
	}
	return b.String()
}

// comparison is bridge to hop in words, a factor or a difference, and the quartiles.
func (r Row) comparison() (compared, spread string) {
	form := func(f float64) string { return number(f) + " ×" }
	switch r.target.kind {
	case overAtMost:
		form = func(f float64) string { return sign(f) + number(math.Abs(f)) }
	case atMost:
		form = number
	}
	if r.Compared != nil {
		compared = form(*r.Compared)
	}
	if r.Low != nil && r.High != nil {
		spread = fmt.Sprintf("(%s … %s)", form(*r.Low), form(*r.High))
	}
	return compared, spread
}

func sign(f float64) string {
	if f < 0 {
		return "−"
	}
	return "+"
}

func optional(f *float64) string {
	if f == nil {
		return "–"
	}
	return number(*f)
}

// number writes three significant digits; more would be read as precision.
func number(f float64) string {
	switch abs := math.Abs(f); {
	case abs >= 10_000:
		return strconv.FormatFloat(f/1000, 'f', 0, 64) + " k"
	case abs >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case abs == 0:
		return "0"
	case abs < 0.001:
		return strconv.FormatFloat(f, 'g', 1, 64)
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(f))))
	s := strconv.FormatFloat(f, 'f', decimals, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
