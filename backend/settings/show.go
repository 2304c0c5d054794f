package settings

import "strings"

// Problem is one thing that is wrong, and what mends it.
type Problem struct {
	What string
	Mend string
}

// InvalidError lists every invalid setting, so that a user meets them all at once.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) add(p *Problem) {
	if p != nil {
		e.Problems = append(e.Problems, *p)
	}
}

// Error is what is wrong, one line a problem.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.What
	}
	return strings.Join(lines, "\n")
}

// Mend is what to do, one line a problem.
func (e *InvalidError) Mend() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Mend
	}
	return strings.Join(lines, "\n")
}

// Shown is one effective setting as `config show` prints it. A secret's Value
// says only that it is set.
type Shown struct {
	Key    string `json:"key,omitempty"`
	Env    string `json:"env,omitempty"`
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
	About  string `json:"about"`
}

// Show lists every setting with its effective value and where that comes from.
func (s *Settings) Show() []Shown {
	shown := make([]Shown, len(entries))
	for i, e := range entries {
		value, origin := e.show(s)
		shown[i] = Shown{Key: e.key, Env: e.env, Value: value, Origin: origin, About: e.about}
	}
	return shown
}
