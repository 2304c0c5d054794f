package cli

import "testing"

// What begins a request or an escape in man(7) must not come from a text.
func TestManText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a paragraph", "One.\nTwo.\n\nThree.", "One.\nTwo.\n.PP\nThree.\n"},
		{"an example between paragraphs", "Do:\n\n    a -b\n\n    c\n\nDone.", "Do:\n.PP\n.EX\n    a \\-b\n\n    c\n\n.EE\nDone.\n"},
		{"an example at the end", "Do:\n  a", "Do:\n.EX\n  a\n.EE\n"},
		{"no request", ".codex and\n'this'", "\\&.codex and\n\\&'this'\n"},
		{"no escape", `C:\new`, "C:\\enew\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p page
			p.text(tt.text)
			if got := p.String(); got != tt.want {
				t.Errorf("%q became\n%q, want\n%q", tt.text, got, tt.want)
			}
		})
	}
}

func TestManMacro(t *testing.T) {
	var p page
	p.macro("B", `say "hi" -n`)
	if got, want := p.String(), ".B \"say \\(dqhi\\(dq \\-n\"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
