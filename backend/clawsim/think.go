package clawsim

import "strings"

// turnFor asks for the turn that the model takes on a request, in this order:
// turns queued by a control call, scripts that match, markers, the small agent.
func (s *Sim) turnFor(f *chatRequest) Turn {
	prompt, results := f.prompt(), f.toolResults()
	t, queued := s.queued()
	if !queued {
		t = step(s.planFor(f, prompt), len(results))
	}
	t.Text = s.fill(t.Text, prompt, f.top.str("model"), results)
	return t
}

func (s *Sim) queued() (Turn, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.next) == 0 {
		return Turn{}, false
	}
	t := s.next[0]
	s.next = s.next[1:]
	return t, true
}

func (s *Sim) planFor(f *chatRequest, prompt string) []Turn {
	s.mu.Lock()
	scripts := s.scripts
	s.mu.Unlock()
	for _, sc := range scripts {
		if sc.Match != "" && strings.Contains(prompt, sc.Match) && len(sc.Steps) > 0 {
			return sc.Steps
		}
	}
	p := &planner{
		prompt: prompt, tools: f.toolNames(),
		find: func(name string) (Script, bool) {
			for _, sc := range scripts {
				if sc.Name == name && len(sc.Steps) > 0 {
					return sc, true
				}
			}
			return Script{}, false
		},
		spent: func(key string) int {
			s.mu.Lock()
			defer s.mu.Unlock()
			key += "\x00" + prompt
			s.spent[key]++
			return s.spent[key] - 1
		},
	}
	return p.plan(f)
}

const defaultReply = "This is {model}, played by clawsim. You said: {prompt}"

// fill replaces the placeholders of a text in one pass, so that a prompt that
// holds one of them is not read again.
func (s *Sim) fill(text, prompt, model string, results []string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	text = strings.ReplaceAll(text, "{reply}", or(s.opts.Reply, defaultReply))
	var outputs []string
	for _, r := range results {
		outputs = append(outputs, commandOutput(r))
	}
	return strings.NewReplacer(
		"{model}", model, "{prompt}", shorten(prompt, 400),
		"{results}", strings.Join(outputs, "\n"), "{report}", report(results),
	).Replace(text)
}
