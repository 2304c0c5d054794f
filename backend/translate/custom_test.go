package translate

import "testing"

// TestCustomInput shows what a freeform tool gets of the arguments that models
// write for it.
func TestCustomInput(t *testing.T) {
	for _, c := range []struct{ name, arguments, want string }{
		{"as asked", `{"input":"a\nb"}`, `a\nb`},
		{"with spaces", ` { "input" : "a" } `, `a`},
		{"more members", `{"input":"a","b":1}`, `a`},
		{"every escape", `{"input":"\"\\\/\b\f\n\r\t\u00e9"}`, `\"\\\/\b\f\n\r\t\u00e9`},
		{"an emoji", `{"input":"\ud83d\ude00"}`, `😀`},
		{"half of one", `{"input":"\ud83d"}`, "\ufffd"},
		{"half of one, then an escape", `{"input":"\ud83d\n"}`, "\ufffd\\n"},
		{"half of one, then a letter as a code", `{"input":"\ud83d\u0041"}`, "\ufffd\\u0041"},
		{"half of one, then a broken code", `{"input":"\ud83d\u12"}`, "\ufffd\\\\u12"},
		{"half of one, then the beginning of the other", `{"input":"\ud83d\ud"}`, "\ufffd\\\\ud"},
		{"escapes that JSON does not know", `{"input":"\d\$\'\u12\u"}`, `\\d\\$\\'\\u12\\u`},
		{"raw breaks", "{\"input\":\"a\r\n\tb\"}", `a\r\n\tb`},
		{"not closed", `{"input":"a`, `a`},
		{"not begun", `{"input":"`, ``},
		{"cut in an escape", `{"input":"a\`, `a\\`},
		{"cut before the string", `{"input":`, `{\"input\":`},
		{"another name", `{"patch":"a"}`, `a`},
		{"two strings", `{"a":"x","b":"y"}`, `{\"a\":\"x\",\"b\":\"y\"}`},
		{"another member first", `{"a":1,"input":"x"}`, `x`},
		{"no string", `{"input":7}`, `{\"input\":7}`},
		{"a string", `"a\nb"`, `a\nb`},
		{"a list", `["a"]`, `[\"a\"]`},
		{"the bare text", "*** Begin\n", `*** Begin\n`},
		{"nothing", ``, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			for step := range byte(4) { // 0 is all at once
				cuts := make([]byte, 0, len(c.arguments))
				for range len(c.arguments) * int(min(step, 1)) {
					cuts = append(cuts, step)
				}
				if got := decodeInput(t, c.arguments, cuts); got != c.want {
					t.Errorf("in pieces of %d: %q, want %q", step, got, c.want)
				}
			}
		})
	}
}

// TestEscapeLen: a piece may end anywhere in an escape, and must not be used
// before it is known where the escape ends.
func TestEscapeLen(t *testing.T) {
	for in, want := range map[string]int{
		`\`: 2, `\n`: 2, `\"x`: 2, `\d`: 2,
		`\u`: 6, `\u0`: 6, `\u004`: 6, `\u0041`: 6, `\u0041x`: 6, `\uAbCd`: 6,
		`\u12"`: 2, `\ug`: 2, `\u00g0`: 2, `\u000/`: 2, `\u000:`: 2,
		`\ud83d`: 12, `\uD83D`: 12, `\ud83d\`: 12, `\ud83d\u`: 12, `\ud83d\ud`: 12, `\ud83d\uD`: 12, `\ud83d\ude`: 12, `\ud83d\ude0`: 12,
		`\ud83d\ude00`: 12, `\ud83d\uDFFF`: 12, `\ud83d\udc`: 12, `\ud83d\udC`: 12,
		`\ud83dx`: 6, `\ud83d\n`: 6, `\ud83d\u0`: 6, `\ud83d\ue`: 6, `\ud83d\ud8`: 6, `\ud83d\ud9`: 6, `\ud83d\udb`: 6, `\ud83d\udez`: 6, `\ud83d\ud"`: 6,
		`\ude00`: 6, `\ud7ff`: 6, `\ud800`: 12, `\udbff`: 12, `\udc00`: 6,
	} {
		if got := escapeLen([]byte(in)); got != want {
			t.Errorf("escapeLen(%q) is %d, want %d", in, got, want)
		}
	}
}
