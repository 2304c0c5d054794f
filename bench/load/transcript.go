package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Transcript is what a client makes of one answer.
type Transcript struct {
	Text  string // from the deltas
	Final string // of the object that ends the answer; Chat has none, so Text again
	Calls []Call
}

// Call is one tool call. Input is the argument JSON, or a custom tool's text.
type Call struct{ Name, Input string }

// Read parses the body of one answer. Benchmarks compare the transcript of every
// target with what was ordered before they time anything: an answer that loses
// half is soon sent.
func (p Protocol) Read(b []byte) (Transcript, error) {
	var t Transcript
	for l := range bytes.Lines(b) {
		data, ok := bytes.CutPrefix(bytes.TrimSpace(l), []byte("data:"))
		if !ok || bytes.Equal(bytes.TrimSpace(data), []byte("[DONE]")) {
			continue
		}
		add := t.addEvent
		if p == Chat {
			add = t.addChunk
		}
		if err := add(data); err != nil {
			return t, fmt.Errorf("%w in %s", err, data[:min(len(data), maxQuote)])
		}
	}
	if p == Chat {
		t.Final = t.Text
	}
	return t, nil
}

func (t *Transcript) addChunk(data []byte) error {
	var c struct {
		Choices []struct {
			Delta struct {
				Content   string
				ToolCalls []struct {
					ID       string
					Function struct{ Name, Arguments string }
				} `json:"tool_calls"`
			}
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	for _, choice := range c.Choices {
		t.Text += choice.Delta.Content
		for _, call := range choice.Delta.ToolCalls {
			if call.ID != "" {
				t.Calls = append(t.Calls, Call{Name: call.Function.Name})
			}
			if len(t.Calls) == 0 {
				return fmt.Errorf("arguments before any call")
			}
			t.Calls[len(t.Calls)-1].Input += call.Function.Arguments
		}
	}
	return nil
}

func (t *Transcript) addEvent(data []byte) error {
	var e struct {
		Type     string
		Delta    string
		Response struct {
			Output []struct {
				Type, Name, Arguments, Input string
				Content                      []struct{ Text string }
			}
		}
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	switch {
	case e.Type == "response.output_text.delta":
		t.Text += e.Delta
	case e.Type != "response.completed":
		return nil
	}
	for _, item := range e.Response.Output {
		switch {
		case item.Type == "message":
			for _, part := range item.Content {
				t.Final += part.Text
			}
		case strings.HasSuffix(item.Type, "_call"):
			t.Calls = append(t.Calls, Call{item.Name, item.Arguments + item.Input})
		}
	}
	return nil
}
