package clawsim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// planner turns a prompt into the steps of the model's turn.
type planner struct {
	prompt string
	tools  toolset
	find   func(name string) (Script, bool)
	// spent tells how often a marker of this prompt was used before, and counts
	// one more use: [[503 times=2]] fails twice.
	spent func(key string) int

	steps  []Turn
	chosen bool
	// fallback is the turn of markers that only colour an answer.
	fallback []Turn
	every    []func(*Turn)
	first    []func(*Turn)
}

func (p *planner) choose(steps ...Turn) {
	p.steps, p.chosen = append(p.steps, steps...), true
}

// plan reads the markers of the prompt; without any, the stand-in is a small agent.
func (p *planner) plan(c *chatRequest) []Turn {
	ds, err := directives(p.prompt)
	for i := 0; err == nil && i < len(ds); i++ {
		err = p.apply(ds[i])
	}
	if err != nil {
		return []Turn{{Text: "clawsim cannot read the script in the prompt: " + err.Error()}}
	}
	switch {
	case p.chosen:
	case p.fallback != nil:
		p.steps = p.fallback
	default:
		p.steps = p.unscripted(c)
	}
	if n := len(p.steps); n == 0 || len(p.steps[n-1].Calls) > 0 {
		p.steps = append(p.steps, Turn{Text: "{report}"})
	}
	for i := range p.steps {
		for _, f := range p.every {
			f(&p.steps[i])
		}
	}
	for _, f := range p.first {
		f(&p.steps[0])
	}
	return p.steps
}

func (p *planner) unscripted(c *chatRequest) []Turn {
	switch {
	case isCompaction(p.prompt) && len(p.tools) == 0:
		return []Turn{{Text: "Summary of the work so far: " + shorten(summaryOf(c), 400)}}
	case p.tools.shell() != "":
		cmd := commandIn(p.prompt)
		if cmd == "" {
			cmd = "pwd"
		}
		return []Turn{{Calls: []ToolCall{p.tools.run(cmd)}}}
	}
	return []Turn{{Text: "{reply}"}}
}

func (p *planner) apply(d directive) error {
	if n, _ := strconv.Atoi(d.setting("times")); n > 0 && p.spent(d.name+" "+d.arg) >= n {
		return nil
	}
	if status, err := strconv.Atoi(d.name); err == nil && status >= 400 && status < 600 {
		return p.applyStatus(d, status)
	}
	for _, f := range []func(directive) (bool, error){p.applyScript, p.applyAnswer, p.applyTool, p.applyFault} {
		if done, err := f(d); done || err != nil {
			return err
		}
	}
	// An unknown name is the user's own text, such as a wiki link.
	return nil
}

func (p *planner) applyStatus(d directive, status int) error {
	t := Turn{Status: status, Body: errorBody(status), RetryAfter: d.setting("retry")}
	if status == 429 && t.RetryAfter == "" {
		t.RetryAfter = "7"
	}
	p.choose(t)
	return nil
}

// applyScript reads the markers that carry JSON, or name a script.
func (p *planner) applyScript(d directive) (bool, error) {
	switch d.name {
	case "script":
		s, ok := p.find(d.arg)
		if !ok {
			return true, fmt.Errorf("there is no script %q", d.arg)
		}
		p.choose(s.Steps...)
	case "say", "turn", "steps", "calls":
		if len(d.values) == 0 {
			return true, fmt.Errorf("[[%s]] wants JSON", d.name)
		}
		for _, v := range d.values {
			steps, err := readSteps(v)
			if err != nil {
				return true, fmt.Errorf("[[%s: %w", d.name, err)
			}
			p.choose(steps...)
		}
	default:
		return false, nil
	}
	return true, nil
}

// readSteps reads one JSON value of a marker: a string is a text, an object a
// turn, a list of objects with names calls made at once, any other list turns.
func readSteps(v json.RawMessage) ([]Turn, error) {
	switch v[0] {
	case '"':
		var text string
		err := json.Unmarshal(v, &text)
		return []Turn{{Text: text}}, err
	case '{':
		var t Turn
		err := json.Unmarshal(v, &t)
		return []Turn{t}, err
	}
	var calls []ToolCall
	if err := json.Unmarshal(v, &calls); err != nil {
		return nil, err
	}
	if len(calls) > 0 && calls[0].Name != "" {
		return []Turn{{Calls: calls}}, nil
	}
	var turns []Turn
	err := json.Unmarshal(v, &turns)
	return turns, err
}

func (p *planner) applyAnswer(d directive) (bool, error) {
	reply := "{reply}"
	if d.arg != "" {
		reply = d.arg
	}
	switch d.name {
	case "text":
		p.choose(Turn{Text: reply})
	case "reason":
		p.every = append(p.every, func(t *Turn) { t.Reasoning = "Let me think about it step by step." })
		p.fallback = []Turn{{Text: "{reply}"}}
	case "long":
		var b strings.Builder
		for i := range int(d.number(200, 100_000)) {
			fmt.Fprintf(&b, "Line %d of a long answer.\n", i+1)
		}
		p.choose(Turn{Text: b.String()})
	case "length":
		p.choose(Turn{Text: "{reply}", Finish: "length"})
	case "nousage":
		p.every = append(p.every, func(t *Turn) { t.NoUsage = true })
		p.fallback = []Turn{{Text: "{reply}"}}
	case "empty":
		p.choose(Turn{})
	case "think":
		p.choose(Turn{Text: "<think>A thought that is not for the user.</think>{reply}"})
	case "slow", "pace":
		ms := int(d.number(5, 3600) * 1000)
		if d.name == "pace" {
			p.every = append(p.every, func(t *Turn) { t.PaceMS = ms })
			break
		}
		p.first = append(p.first, func(t *Turn) { t.DelayMS = ms })
	default:
		return false, nil
	}
	return true, nil
}
