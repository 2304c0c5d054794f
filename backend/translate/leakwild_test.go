package translate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What models do to their own templates.
func TestLeakedInTheWild(t *testing.T) {
	tools := leakedTools(t)
	ls, pwd := loose1(shellCall("ls")), loose1(shellCall("pwd"))
	lsJSON, pwdJSON := jsonCall("shell", "ls"), jsonCall("shell", "pwd")
	for _, c := range []written{
		{"the next call opened without closing the last", "<tool_call>\n" + lsJSON + "\n<tool_call>\n" + pwdJSON + "\n</tool_call>", []string{ls, pwd}},
		{"the same after a sentence", "Sure. <tool_call>\n" + lsJSON + "\n<tool_call>\n" + pwdJSON, []string{"text: Sure. ", ls, pwd}},
		{"the opening tag twice", "<tool_call>\n<tool_call>\n" + lsJSON + "\n</tool_call>\n</tool_call>", []string{ls}},
		{"two documents in one tag", "<tool_call>\n" + lsJSON + "\n" + pwdJSON + "\n</tool_call>", []string{ls, pwd}},
		{"a list in a tag", "<tool_calls>[" + lsJSON + ", " + pwdJSON + "]</tool_calls>", []string{ls, pwd}},
		{"tags within the tag for all", "<tool_calls>\n<tool_call>" + lsJSON + "</tool_call>\n<tool_call>" + pwdJSON + "</tool_call>\n</tool_calls>", []string{ls, pwd}},
		{"Anthropic's call in a Hermes tag", "<tool_call>\n" + invoke("")("shell", "ls") + "\n</tool_call>", []string{ls}},
		{"spaces between Kimi's tokens", "Let me look. <|tool_calls_section_begin|> <|tool_call_begin|> functions.shell:0 <|tool_call_argument_begin|> " +
			jsonArgs("ls") + " <|tool_call_end|> <|tool_calls_section_end|>", []string{"text: Let me look. ", ls}},
		{"Kimi's call without its number", "<|tool_call_begin|>shell<|tool_call_argument_begin|>" + jsonArgs("ls") + "<|tool_call_end|>", []string{ls}},
		{"line breaks between Kimi's tokens", "<|tool_call_begin|>\nfunctions.shell:12\n<|tool_call_argument_begin|>\n" + jsonArgs("ls") + "\n<|tool_call_end|>", []string{ls}},
		{"a space before Mistral's arguments", "[TOOL_CALLS] shell " + jsonArgs("ls"), []string{ls}},
		{"Mistral's name in two words", "[TOOL_CALLS]she ll" + jsonArgs("ls"), []string{"text: [TOOL_CALLS]she ll" + jsonArgs("ls")}},
		{"Mistral's name and another word", "[TOOL_CALLS]shell x" + jsonArgs("ls"), []string{"text: [TOOL_CALLS]shell x" + jsonArgs("ls")}},
		{"JSON as DeepSeek's DSML body", `<｜DSML｜invoke name="shell">` + jsonArgs("ls") + `</｜DSML｜invoke>`, []string{ls}},
		{"Llama's calls, then text", "<|python_tag|>" + lsJSON + "; " + pwdJSON + "\nDone.", []string{ls, pwd, "text: \nDone."}},
		{"Llama's call after a sentence", "Sure. <|python_tag|>" + lsJSON + ";" + pwdJSON + "<|eom_id|>", []string{"text: Sure. ", ls, pwd}},
		{"a role before the call", "<|im_start|>assistant\n<tool_call>" + lsJSON + "</tool_call><|im_end|>", []string{ls}},
		{"a role in the middle", "Sure.<|im_end|>\n<|im_start|>assistant\n[TOOL_CALLS]shell" + jsonArgs("ls"), []string{"text: Sure.", ls}},
		{"a fence with a space", "``` json \r\n" + lsJSON + "\r\n``` \n", []string{ls}},
		{"a fence that is called a call", "Sure:\n```tool_call\n" + lsJSON + "\n```", []string{"text: Sure:\n", ls}},
		{"a fence of tildes that is longer", "~~~~\n" + lsJSON + "\n~~~~~", []string{ls}},
		{"two fences", "```json\n" + lsJSON + "\n```\n\n```json\n" + pwdJSON + "\n```", []string{ls, pwd}},
		{"JSON and then a tag", lsJSON + "\n<tool_call>" + pwdJSON + "</tool_call>\n", []string{ls, pwd}},
		{"a tag and then JSON", "<tool_call>" + lsJSON + "</tool_call>\n" + pwdJSON, []string{ls, "text: \n", pwd}},
		{"JSON, a tag and JSON that is no call", lsJSON + "\n<tool_call>" + pwdJSON + "</tool_call>\n{\"name\": \"get_goal\"}",
			[]string{"text: " + lsJSON + "\n", pwd, "text: \n{\"name\": \"get_goal\"}"}},
		{"a call right after one that is not declared", invoke("")("nope", "x") + invoke("")("shell", "ls"), []string{"text: " + invoke("")("nope", "x"), ls}},
		{"a call after one that is broken", "<tool_call>\n{\"name\": \"shell\", oops}\n</tool_call>\n<tool_call>\n" + lsJSON + "\n</tool_call>",
			[]string{"text: <tool_call>\n{\"name\": \"shell\", oops}\n</tool_call>\n", ls}},
		{"a call where another breaks off", "<tool_call>nope\n<tool_call>" + lsJSON + "</tool_call>", []string{"text: <tool_call>nope\n", ls}},
		{"code that looks like a fence", "```ls``` runs\n<tool_call>" + lsJSON + "</tool_call>", []string{"text: ```ls``` runs\n", ls}},
		{"code that looks like a fence and stays open", "```a`b\n<tool_call>" + lsJSON + "</tool_call>\nx", []string{"text: ```a`b\n<tool_call>" + lsJSON + "</tool_call>\nx"}},
		{"inline code, closed", "Use ``a ` b``:\n<tool_call>" + lsJSON + "</tool_call>\nx", []string{"text: Use ``a ` b``:\n", ls, "text: \nx"}},
		{"inline code that its paragraph ends", "It`s so.\n\n<tool_call>" + lsJSON + "</tool_call>\nx", []string{"text: It`s so.\n\n", ls, "text: \nx"}},
		{"after a fence", "~~~sh\nls\n~~~\n<tool_call>" + lsJSON + "</tool_call>\nx", []string{"text: ~~~sh\nls\n~~~\n", ls, "text: \nx"}},
		{"indented by three", "So:\n   <tool_call>" + lsJSON + "</tool_call>\nx", []string{"text: So:\n   ", ls, "text: \nx"}},
		{"indented by a tab", "So:\n\t<tool_call>" + lsJSON + "</tool_call>", []string{"text: So:\n\t<tool_call>" + lsJSON + "</tool_call>"}},
		{"after a colon and a space", "Write: <tool_call>" + lsJSON + "</tool_call>", []string{"text: Write: <tool_call>" + lsJSON + "</tool_call>"}},
		{"after a Chinese sentence", "我来看看。<tool_call>" + lsJSON + "</tool_call>", []string{"text: 我来看看。", ls}},
		{"after a word, as a tag", "Look<tool_call>" + lsJSON + "</tool_call>", []string{"text: Look<tool_call>" + lsJSON + "</tool_call>"}},
		{"after a word, as a token", "Look[TOOL_CALLS]shell" + jsonArgs("ls"), []string{"text: Look", ls}},
		{"after a sentence, with more text", "Sure. <tool_call>" + lsJSON + "</tool_call> runs ls.", []string{"text: Sure. <tool_call>" + lsJSON + "</tool_call> runs ls."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := splitPieces(tools, false, c.content)
			if diff := cmp.Diff(worth(loose(c.want)), worth(loose(got))); diff != "" {
				t.Errorf("content: %s\n(-want +got):\n%s", c.content, diff)
			}
			if pieces := splitPieces(tools, false, bytewise(c.content)...); !slices.Equal(got, pieces) {
				t.Errorf("byte by byte (-whole +pieces):\n%s", cmp.Diff(got, pieces))
			}
		})
	}
}
