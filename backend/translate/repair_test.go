package translate

import "testing"

func TestArgumentsAreRepairedWhereThereIsOneWay(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"whole", `{"a":1}`, `{"a":1}`},
		{"a brace too many", `{"a":1}}`, `{"a":1}`},
		{"an end mark", `{"a":1}</tool_call>`, `{"a":1}`},
		{"an empty object first", `{}{"a":1}`, `{"a":1}`},
		{"twice", `{"a":1}{"a":1}`, `{"a":1}`},
		{"a brace missing", `{"a":{"b":[1,2]}`, `{"a":{"b":[1,2]}}`},
		{"a brace missing after a word", `{"a":true`, `{"a":true}`},
		{"raw line break", "{\"a\":\"x\ny\"}", `{"a":"x\ny"}`},
		{"raw line break and a brace missing", "{\"a\":\"x\ny\"", `{"a":"x\ny"}`},
		{"trailing comma", `{"a":[1,],}`, `{"a":[1]}`},
		{"fenced", "```json\n{\"a\":1}\n```", `{"a":1}`},
		{"encoded twice", `"{\"a\":\"\\n\"}"`, `{"a":"\n"}`},

		{"cut in a string", `{"cmd":"rm -rf /tmp/`, `{"cmd":"rm -rf /tmp/`},
		{"cut in a list", `{"a":["x"`, `{"a":["x"`},
		{"cut in a number", `{"a":12`, `{"a":12`},
		{"cut after a key", `{"a"`, `{"a"`},
		{"cut after a colon", `{"a":`, `{"a":`},
		{"two different ones", `{"a":1}{"a":2}`, `{"a":1}{"a":2}`},
		{"not an object", `[1]`, `[1]`},
		{"plain text", `ls -l`, `ls -l`},
		{"braces that do not match", `{"a":[1}`, `{"a":[1}`},
		{"nothing", ``, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(repairArguments([]byte(c.in))); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
