package clawsim

import "testing"

func TestPromptOfTheTurn(t *testing.T) {
	system, result := m{"role": "system", "content": "s"}, m{"role": "tool", "tool_call_id": "1", "content": "r"}
	called := m{"role": "assistant", "tool_calls": []m{{"id": "1", "type": "function", "function": m{"name": "f", "arguments": "{}"}}}}
	user := func(text string) m { return m{"role": "user", "content": text} }
	picture := m{"role": "user", "content": []m{{"type": "image_url", "image_url": m{"url": "data:image/png;base64,AA=="}}}}
	tests := []struct {
		name     string
		messages []m
		want     string
		results  int
	}{
		{"the last of several", []m{system, user("environment"), user("task")}, "task", 0},
		{"after an answer", []m{user("one"), {"role": "assistant", "content": "a"}, user("two")}, "two", 0},
		{"a result", []m{system, user("task"), called, result}, "task", 1},
		{"a picture behind its result", []m{system, user("task"), called, result, picture}, "task", 1},
		{"a note behind a second result", []m{user("task"), called, result, picture, called, result, user("<note>")}, "task", 2},
		{"a marker behind a result is a prompt", []m{user("task"), called, result, user("[[text stop]]")}, "[[text stop]]", 0},
		{"nobody asked", []m{system}, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := parseChat([]byte(chatBody("", m{"messages": test.messages})))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.prompt(); got != test.want {
				t.Errorf("prompt %q, want %q", got, test.want)
			}
			if got := len(c.toolResults()); got != test.results {
				t.Errorf("%d results, want %d", got, test.results)
			}
		})
	}
}
