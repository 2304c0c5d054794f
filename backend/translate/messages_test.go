package translate

import (
	"strings"
	"testing"
)

// TestMessages shows how input items become chat messages, by subject.
func TestMessages(t *testing.T) {
	const user = `{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}`
	const wantUser = `{"role":"user","content":"hi"}`
	for _, c := range []struct{ name, instructions, input, want string }{
		{
			"instructions come first", `"Be brief."`, user,
			`{"role":"system","content":"Be brief."},` + wantUser,
		},
		{
			"instructions and developer messages at the head are one system message, in order", `"A"`,
			`{"type":"message","role":"developer","content":"B"},{"type":"message","role":"system","content":[{"type":"input_text","text":"C"},{"type":"input_text","text":"D"}]},` + user,
			`{"role":"system","content":"A\n\nB\n\nC\n\nD"},` + wantUser,
		},
		{
			"a developer message later stays where it is", ``,
			`{"role":"developer","content":"A"},` + user + `,{"role":"developer","content":[{"type":"input_text","text":"now B"}]},` + user,
			`{"role":"system","content":"A"},` + wantUser + `,{"role":"user","content":"<developer_message>\nnow B\n</developer_message>"},` + wantUser,
		},
		{
			"a role that nobody knows is the user", ``, `{"role":"critic","content":"hi"}`, wantUser,
		},
		{
			"parts of text are lines", ``,
			`{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"text","text":"b"},"c",{"type":"input_text","text":""}]}`,
			`{"role":"user","content":"a\nb\nc"}`,
		},
		{
			"one part alone", ``, `{"role":"user","content":{"type":"input_text","text":"hi"}}`, wantUser,
		},
		{
			"a message with nothing in it is refused by some", ``, `{"role":"user","content":null},` + user + `,{"role":"assistant","content":[{"type":"output_text","text":""}]},{"role":"developer","content":[]}`, wantUser,
		},
		{
			"a refusal is text", ``, user + `,{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}`,
			wantUser + `,{"role":"assistant","content":"No."}`,
		},
		{
			"text of the model in two items is one message", ``,
			user + `,{"role":"assistant","content":[{"type":"output_text","text":"a"}]},{"role":"assistant","content":"b"}`,
			wantUser + `,{"role":"assistant","content":"a\n\nb"}`,
		},
		{
			"an image with its size", ``,
			`{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_text","text":""},{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"high"},{"type":"input_image","image_url":"https://x/y.png","detail":"original"},{"type":"image_url","image_url":{"url":"https://x/z.png","alt":{"text":"z"},"detail":"low"}}]}`,
			`{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"high"}},{"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"image_url","image_url":{"url":"https://x/z.png","detail":"low"}}]}`,
		},
		{
			"what another agent said", ``,
			user + `,{"type":"agent_message","author":"a","content":[{"type":"input_text","text":"done"},{"type":"encrypted_content","encrypted_content":"and dusted"}]}`,
			wantUser + `,{"role":"user","content":"[Message from another agent:]\ndone\nand dusted"}`,
		},
		{
			"a file is named", ``,
			`{"role":"user","content":[{"type":"input_text","text":"read"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}]}`,
			`{"role":"user","content":"read\n[A file was attached here, which cannot be passed on: a.pdf]"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) { wantMessages(t, c.instructions, c.input, c.want, Target{}) })
	}
}

// wantMessages translates instructions and input items and compares the messages.
func wantMessages(t *testing.T, instructions, input, want string, to Target) {
	t.Helper()
	body := `{"model":"m","input":[` + input + `]`
	if instructions != "" {
		body += `,"instructions":` + instructions
	}
	chat, _ := translated(t, body+`}`, to)
	wantJSON(t, "["+want+"]", string(members(t, chat)["messages"]))
	if err := checkChat(chat); err != nil {
		t.Error(err)
	}
}

// The items of a history with calls, and the messages that they become.
func callItem(id string) string {
	return `{"type":"function_call","name":"f","arguments":"{\"n\":1}","call_id":"` + id + `"}`
}

func outputItemOf(id, text string) string {
	return `{"type":"function_call_output","call_id":"` + id + `","output":"` + text + `"}`
}

func calledMessage(ids ...string) string {
	var calls []string
	for _, id := range ids {
		calls = append(calls, `{"id":"`+id+`","type":"function","function":{"name":"f","arguments":"{\"n\":1}"}}`)
	}
	return `{"role":"assistant","content":null,"tool_calls":[` + strings.Join(calls, ",") + `]}`
}

func toolMessage(id, text string) string {
	return `{"role":"tool","tool_call_id":"` + id + `","content":"` + text + `"}`
}

func joined(s ...string) string { return strings.Join(s, ",") }

// userSays is the same as an item and as a message.
const userSays = `{"role":"user","content":"hi"}`

const unrecorded = "[The output of this call was not recorded.]"

// TestCallsAndOutputs shows the one order that every Chat provider demands: the
// calls of a step in one message, their outputs at once and in call order.
func TestCallsAndOutputs(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{
			"one after the other", joined(userSays, callItem("a"), outputItemOf("a", "1"), callItem("b"), outputItemOf("b", "2")),
			joined(userSays, calledMessage("a"), toolMessage("a", "1"), calledMessage("b"), toolMessage("b", "2")),
		},
		{
			"in parallel", joined(userSays, callItem("a"), callItem("b"), outputItemOf("a", "1"), outputItemOf("b", "2")),
			joined(userSays, calledMessage("a", "b"), toolMessage("a", "1"), toolMessage("b", "2")),
		},
		{
			"an aborted call's output comes first", joined(userSays, callItem("a"), callItem("b"), outputItemOf("b", "aborted"), outputItemOf("a", "1")),
			joined(userSays, calledMessage("a", "b"), toolMessage("a", "1"), toolMessage("b", "aborted")),
		},
		{
			"an output between parallel calls", joined(userSays, callItem("a"), outputItemOf("a", "1"), callItem("b"), callItem("c"), outputItemOf("c", "3"), outputItemOf("b", "2")),
			joined(userSays, calledMessage("a"), toolMessage("a", "1"), calledMessage("b", "c"), toolMessage("b", "2"), toolMessage("c", "3")),
		},
		{
			"a message between call and output", joined(callItem("a"), userSays, outputItemOf("a", "1")),
			joined(calledMessage("a"), toolMessage("a", "1"), userSays),
		},
		{
			"calls join the text before them", joined(`{"role":"assistant","content":"I look."}`, callItem("a"), outputItemOf("a", "1")),
			joined(strings.Replace(calledMessage("a"), "null", `"I look."`, 1), toolMessage("a", "1")),
		},
		{
			"text after calls is a message of its own", joined(callItem("a"), `{"role":"assistant","content":"Done."}`, outputItemOf("a", "1")),
			joined(calledMessage("a"), toolMessage("a", "1"), `{"role":"assistant","content":"Done."}`),
		},
	} {
		t.Run(c.name, func(t *testing.T) { wantMessages(t, "", c.input, c.want, Target{}) })
	}
}

// TestBrokenHistories shows what becomes of histories that Chat providers refuse:
// cut, aborted, or with one id for two calls. Nothing in them is lost.
func TestBrokenHistories(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{
			"a call without an output", joined(callItem("a"), callItem("b"), outputItemOf("b", "2"), userSays),
			joined(calledMessage("a", "b"), toolMessage("a", unrecorded), toolMessage("b", "2"), userSays),
		},
		{
			"a call at the very end", joined(userSays, callItem("a")), joined(userSays, calledMessage("a"), toolMessage("a", unrecorded)),
		},
		{
			"an output without a call", joined(userSays, outputItemOf("z", "lost")),
			joined(userSays, `{"role":"user","content":"[Output of an earlier tool call that is no longer in the history:]\nlost"}`),
		},
		{
			"an output before its call", joined(outputItemOf("a", "1"), userSays, callItem("a")),
			joined(userSays, calledMessage("a"), toolMessage("a", "1")),
		},
		{
			"more outputs than calls", joined(callItem("a"), outputItemOf("a", "1"), outputItemOf("a", "2")),
			joined(calledMessage("a"), toolMessage("a", "1"), `{"role":"user","content":"[Output of an earlier tool call that is no longer in the history:]\n2"}`),
		},
		{
			"two calls with one id", joined(callItem("a"), callItem("a"), outputItemOf("a", "1"), outputItemOf("a", "2")),
			joined(calledMessage("a", "a_2"), toolMessage("a", "1"), toolMessage("a_2", "2")),
		},
		{
			"an id that looks like a repeated one", joined(callItem("a_2"), callItem("a"), callItem("a"), outputItemOf("a", "1"), outputItemOf("a", "2"), outputItemOf("a_2", "3")),
			joined(calledMessage("a_2", "a", "a_3"), toolMessage("a_2", "3"), toolMessage("a", "1"), toolMessage("a_3", "2")),
		},
		{
			"no id at all", joined(`{"type":"function_call","name":"f","arguments":"{\"n\":1}"}`, `{"type":"function_call_output","output":"1"}`),
			joined(calledMessage("call"), toolMessage("call", "1")),
		},
	} {
		t.Run(c.name, func(t *testing.T) { wantMessages(t, "", c.input, c.want, Target{}) })
	}
}

// TestCallsOfEachKind shows how history's calls go upstream, also where today's
// tools no longer list them.
func TestCallsOfEachKind(t *testing.T) {
	for _, c := range []struct{ name, item, wantName, wantArguments string }{
		{"function", `{"type":"function_call","name":"f","arguments":"{}"`, "f", `{}`},
		{"function in a namespace", `{"type":"function_call","name":"echo","namespace":"mcp__e","arguments":"{}"`, "mcp__e__echo", `{}`},
		{"arguments as an object", `{"type":"function_call","name":"f","arguments":{"a": "é\n"}`, "f", `{"a": "é\n"}`},
		{"no arguments", `{"type":"function_call","name":"f"`, "f", `{}`},
		{"arguments null", `{"type":"function_call","name":"f","arguments":null`, "f", `{}`},
		{"custom", `{"type":"custom_tool_call","name":"apply_patch","input":"a\n\"b\"\\ é"`, "apply_patch", `{"input":"a\n\"b\"\\ é"}`},
		{"tool search", `{"type":"tool_search_call","execution":"client","arguments":{"query":"git"}`, "tool_search", `{"query":"git"}`},
		{"local shell", `{"type":"local_shell_call","status":"completed","action":{"type":"exec","command":["ls"]}`, "local_shell", `{"type":"exec","command":["ls"]}`},
		{"a name that upstream would refuse", `{"type":"function_call","name":"a.b/c d","arguments":"{}"`, "a_b_c_d", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, `{"model":"m","input":[`+c.item+`,"call_id":"x"}]}`, Target{})
			if err := checkChat(chat); err != nil {
				t.Fatal(err)
			}
			wantJSON(t, `[{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"`+c.wantName+`","arguments":`+string(quote(c.wantArguments))+`}}]},
				{"role":"tool","tool_call_id":"x","content":"[The output of this call was not recorded.]"}]`, string(members(t, chat)["messages"]))
		})
	}
}

// TestOutputsOfEachKind shows what a tool message holds.
func TestOutputsOfEachKind(t *testing.T) {
	const image = `{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"high"}`
	shown := `,{"role":"user","content":[{"type":"text","text":"[Images returned by the tool calls above:]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"high"}}]}`
	for _, c := range []struct {
		name, output, want, after string
		noVision                  bool
	}{
		{"text", `"type":"function_call_output","output":"a\nb"`, `"a\nb"`, ``, false},
		{"parts", `"type":"function_call_output","output":[{"type":"input_text","text":"a"},{"type":"output_text","text":"b"}]`, `"a\nb"`, ``, false},
		{"nothing", `"type":"function_call_output","output":""`, `"[It returned nothing.]"`, ``, false},
		{"nothing in parts", `"type":"function_call_output","output":[{"type":"input_text","text":""}]`, `"[It returned nothing.]"`, ``, false},
		{"of a kind that nobody here knows", `"type":"function_call_output","output":[{"type":"input_text","text":"a"}, {"type":"new","x":1}]`, `"[{\"type\":\"input_text\",\"text\":\"a\"}, {\"type\":\"new\",\"x\":1}]"`, ``, false},
		{"of a shell", `"type":"shell_call_output","output":[{"stdout":"a","outcome":{"type":"exit","exit_code":0}}]`, `"[{\"stdout\":\"a\",\"outcome\":{\"type\":\"exit\",\"exit_code\":0}}]"`, ``, false},
		{"of a custom tool", `"type":"custom_tool_call_output","output":"ok"`, `"ok"`, ``, false},
		{"of a local shell", `"type":"local_shell_call_output","output":"ok"`, `"ok"`, ``, false},
		{"of a tool search", `"type":"tool_search_output","tools":[{"type":"function","name":"g"}]`, `"[{\"type\":\"function\",\"name\":\"g\"}]"`, ``, false},
		{"an image is shown after the outputs", `"type":"function_call_output","output":[{"type":"input_text","text":"a"},` + image + `]`, `"a\n[An image; it is shown below.]"`, shown, false},
		{"an image for a model that cannot see", `"type":"function_call_output","output":[` + image + `]`, `"[An image was here; this model cannot see images.]"`, ``, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			input := `{"type":"function_call","name":"f","arguments":"{}","call_id":"x"},{` + c.output + `,"call_id":"x"}`
			wantMessages(t, "", input, `{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]},
				{"role":"tool","tool_call_id":"x","content":`+c.want+`}`+c.after, Target{NoVision: c.noVision})
		})
	}
}

// TestImagesOfParallelCalls says that a message with images never stands between
// the outputs of one step: providers demand them at once.
func TestImagesOfParallelCalls(t *testing.T) {
	const call = `{"type":"function_call","name":"f","arguments":"{}","call_id":"a"},{"type":"function_call","name":"f","arguments":"{}","call_id":"b"},`
	const outputs = `{"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"data:1"}]},{"type":"function_call_output","call_id":"b","output":[{"type":"input_image","image_url":"data:2"}]}`
	wantMessages(t, "", call+outputs+`,{"role":"user","content":"next"}`,
		`{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"a","content":"[An image; it is shown below.]"},{"role":"tool","tool_call_id":"b","content":"[An image; it is shown below.]"},
		{"role":"user","content":[{"type":"text","text":"[Images returned by the tool calls above:]"},{"type":"image_url","image_url":{"url":"data:1"}},{"type":"image_url","image_url":{"url":"data:2"}}]},
		{"role":"user","content":"next"}`, Target{})
}

// TestImagesThatCannotBeShown are named in a line of text, so that one of them
// never makes a provider refuse every later request of the session.
func TestImagesThatCannotBeShown(t *testing.T) {
	const blind = "[An image was here; this model cannot see images.]"
	for _, c := range []struct {
		name, role, part, want string
		to                     Target
	}{
		{"a model that cannot see", "user", `{"type":"input_image","image_url":"data:image/png;base64,AA=="}`, blind, Target{NoVision: true}},
		{"an image that only OpenAI holds", "user", `{"type":"input_image","file_id":"file-1"}`, "[An image was attached here, which cannot be passed on.]", Target{}},
		{"an empty address", "user", `{"type":"input_image","image_url":""}`, "[An image was attached here, which cannot be passed on.]", Target{}},
		{"in a system message", "system", `{"type":"input_image","image_url":"data:image/png;base64,AA=="}`, "[An image was attached here, which cannot be passed on.]", Target{}},
		{"a file without a name", "user", `{"type":"input_file","file_id":"file-1"}`, "[A file was attached here, which cannot be passed on.]", Target{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			input := `{"role":"` + c.role + `","content":[{"type":"input_text","text":"see"},` + c.part + `]}`
			separator := `\n`
			if c.role == "system" {
				separator = `\n\n`
			}
			wantMessages(t, "", input, `{"role":"`+c.role+`","content":"see`+separator+c.want+`"}`, c.to)
		})
	}
}

// TestReasoningOfThisModel gives a thought back to the message that it led to.
func TestReasoningOfThisModel(t *testing.T) {
	const thought = `{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}],"encrypted_content":null}`
	const call = `{"type":"function_call","name":"f","arguments":"{}","call_id":"a"}`
	const output = `{"type":"function_call_output","call_id":"a","output":"1"}`
	const wantCall = `"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"}`
	for _, c := range []struct{ name, input, want string }{
		{"before text", thought + `,{"role":"assistant","content":"Yes."}`, `{"role":"assistant","content":"Yes.","reasoning_content":"Hm."}`},
		{"before a call", thought + `,` + call + `,` + output, `{"role":"assistant","content":null,"reasoning_content":"Hm.",` + wantCall},
		{"before text and a call", thought + `,{"role":"assistant","content":"I look."},` + call + `,` + output, `{"role":"assistant","content":"I look.","reasoning_content":"Hm.",` + wantCall},
		{"only a summary", `{"type":"reasoning","summary":[{"type":"summary_text","text":"Short."}],"content":null},{"role":"assistant","content":"Yes."}`, `{"role":"assistant","content":"Yes.","reasoning_content":"Short."}`},
		{"two thoughts", thought + `,` + thought + `,{"role":"assistant","content":"Yes."}`, `{"role":"assistant","content":"Yes.","reasoning_content":"Hm.\n\nHm."}`},
		{"empty", `{"type":"reasoning","summary":[]},{"role":"assistant","content":"Yes."}`, `{"role":"assistant","content":"Yes."}`},
		{"a new thought is a new step", call + `,` + output + `,{"role":"assistant","content":"a"},` + thought + `,{"role":"assistant","content":"b"}`,
			`{"role":"assistant","content":null,` + wantCall + `,{"role":"assistant","content":"a"},{"role":"assistant","content":"b","reasoning_content":"Hm."}`},
		{"of a turn that was broken off", thought + `,{"role":"user","content":"x"},{"role":"assistant","content":"Yes."}`, `{"role":"user","content":"x"},{"role":"assistant","content":"Yes."}`},
		{"the end of the history", `{"role":"user","content":"x"},` + thought, `{"role":"user","content":"x"}`},
		{"sealed by somebody else", `{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}],"encrypted_content":"gAAAA"},{"role":"assistant","content":"Yes."}`, `{"role":"assistant","content":"Yes."}`},
	} {
		t.Run(c.name, func(t *testing.T) { wantMessages(t, "", c.input, c.want, Target{}) })
	}
}

// TestToolsOfAnOrphan: what a search found is told, although its call is gone.
func TestToolsOfAnOrphan(t *testing.T) {
	chat, _ := translated(t, `{"model":"m","input":[{"role":"user","content":"x"},{"type":"tool_search_output","call_id":"s","tools":[{"type":"function","name":"found_it"}]}]}`, Target{})
	if got := string(members(t, chat)["messages"]); !strings.Contains(got, "found_it") {
		t.Error(got)
	}
}
