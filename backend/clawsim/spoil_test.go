package clawsim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// spoilCase shows one spoiling by what a client or the gateway sees with it and
// without it.
type spoilCase struct {
	options Options
	act     func(t *testing.T, w world) string
	on, off string
}

type world struct {
	sim   *Sim
	url   string
	clock *handClock
}

func (w world) chat(t *testing.T, body string, headers ...string) recording {
	t.Helper()
	return post(t, w.url+"/v1/chat/completions", body, headers...)
}

// sent is the messages as the gateway got them last.
func (w world) sent(t *testing.T) []m {
	t.Helper()
	var body struct{ Messages []m }
	if err := json.Unmarshal(w.sim.Record().Last().Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.Messages
}

func messages(list ...m) m { return m{"messages": list} }

func user(text any) m { return m{"role": "user", "content": text} }

const goCode = "package a\n\nfunc f() {\n\tif  x {\n\t\treturn\n\t}\n}  \n"

var spoilCases = map[Spoiling]spoilCase{
	SpoilWhitespace: {
		act: func(t *testing.T, w world) string {
			filler := strings.Repeat("x", 181<<10)
			w.chat(t, chatBody("", messages(
				m{"role": "tool", "tool_call_id": "a", "content": "{ \"a\": 1 }"},
				user([]m{{"type": "text", "text": goCode}}), user(goCode), user(filler))))
			s := w.sent(t)
			part := s[1]["content"].([]any)[0].(map[string]any)["text"]
			return fmt.Sprintf("%q %v %q", s[0]["content"], part == goCode, s[2]["content"])
		},
		on:  `"{\"a\":1}" true "package a\n\nfunc f() {\n  if x {\n    return\n  }\n}"`,
		off: `"{ \"a\": 1 }" true "package a\n\nfunc f() {\n\tif  x {\n\t\treturn\n\t}\n}  \n"`,
	},
	SpoilCut: {
		act: func(t *testing.T, w world) string {
			list := []m{{"role": "system", "content": "s"}}
			for i := range 250 {
				list = append(list, user(fmt.Sprint("message ", i)))
			}
			w.chat(t, chatBody("", messages(list...)))
			s := w.sent(t)
			return fmt.Sprintln(len(s), s[0]["content"], s[1]["content"], s[len(s)-1]["content"])
		},
		on: "200 s message 51 message 249\n", off: "251 s message 0 message 249\n",
	},
	SpoilCommands: {
		act: func(t *testing.T, w world) string {
			var models []string
			for _, text := range []string{"/debugger fails", "/imagegen a cat", "/cr-imagegen a cat", "/img2img --image /no/such x", " /debug"} {
				models = append(models, decodeAnswer(t, w.chat(t, chatBody(text))).Model)
			}
			models = append(models, decodeAnswer(t, w.chat(t, chatBody("", messages(user([]m{{"type": "text", "text": "/debug"}}))))).Model)
			return strings.Join(models, " ")
		},
		on:  "clawrouter/debug clawrouter/image clawrouter/image clawrouter/img2img openai/gpt-5.6-terra clawrouter/debug",
		off: strings.TrimSpace(strings.Repeat("openai/gpt-5.6-terra ", 6)),
	},
	SpoilReplay: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("[[429 times=1]]"))
			second := w.chat(t, chatBody("[[429 times=1]]"))
			w.clock.advance(31 * time.Second)
			third := w.chat(t, chatBody("[[429 times=1]]"))
			return fmt.Sprintln(second.status, third.status, w.sim.Record().CallCount)
		},
		// After 30 s the same body is asked anew.
		on: "429 200 2\n", off: "200 200 2\n",
	},
	SpoilCache: {
		act: func(t *testing.T, w world) string {
			calls := func(headers []string, bodies ...string) int {
				before := w.sim.Record().CallCount
				for _, b := range bodies {
					w.chat(t, b, headers...)
					w.clock.advance(31 * time.Second)
				}
				return w.sim.Record().CallCount - before
			}
			return fmt.Sprintln(
				calls(nil, chatBody("a"), chatBody("a"), chatBody("a", m{"user": "u"})),
				calls([]string{"Cache-Control", "no-cache"}, chatBody("b"), chatBody("b")),
				calls(nil, chatBody("c", m{"cache": false}), chatBody("c", m{"cache": false})),
				calls(nil, chatBody("d", m{"stream": true}), chatBody("d", m{"stream": true})),
			)
		},
		on: "1 2 2 2\n", off: "3 2 2 2\n",
	},
	SpoilPin: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("hi"), "X-Session-Id", "one")
			w.chat(t, chatBody("more", m{"model": "blockrun/auto"}), "X-Session-Id", "one")
			same := w.sim.Record().Last().Model
			w.chat(t, chatBody("more", m{"model": "blockrun/auto"}), "X-Session-Id", "two")
			return same + " " + w.sim.Record().Last().Model
		},
		on: "openai/gpt-5.6-terra google/gemini-2.5-flash", off: "google/gemini-2.5-flash google/gemini-2.5-flash",
	},
	SpoilJournal: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("[[text I fixed the login test.]]"), "X-Session-Id", "one")
			w.chat(t, chatBody("", messages(m{"role": "system", "content": "rules"}, user("what did you do today?"))), "X-Session-Id", "one")
			return fmt.Sprintf("%q", w.sent(t)[0]["content"])
		},
		on: `"[Session Memory - Key Actions]\n- 12:00: fixed the login test\n\n\nrules"`, off: `"rules"`,
	},
	SpoilUpgrade: {
		act: func(t *testing.T, w world) string {
			list := []m{user("do it")}
			var tiers []string
			for i := range 5 {
				r := w.chat(t, chatBody("", m{"model": "auto"}, messages(list...), tools("shell")), "X-Session-Id", "one")
				tiers = append(tiers, r.header.Get("X-Clawrouter-Tier"))
				id := fmt.Sprint("c", i)
				list = append(list, m{"role": "assistant", "content": nil, "tool_calls": []m{
					{"id": id, "type": "function", "function": m{"name": "shell", "arguments": "{}"}}}},
					m{"role": "tool", "tool_call_id": id, "content": "ok"})
			}
			return strings.Join(tiers, " ")
		},
		on: "SIMPLE SIMPLE SIMPLE MEDIUM SIMPLE", off: "SIMPLE SIMPLE SIMPLE SIMPLE SIMPLE",
	},
	SpoilBurst: {
		act: func(t *testing.T, w world) string {
			body := w.chat(t, chatBody("[[reason]] [[tool2]]", m{"stream": true}, tools("exec_command"))).body
			return fmt.Sprintln(strings.Contains(body, "reasoning_content"), strings.Contains(body, `"tool_calls":[{"index":1`),
				strings.Contains(body, "cached_tokens"), strings.Count(body, "data: ") > 6, strings.Contains(string(w.sim.Record().Last().Body), `"stream":true`))
		},
		on: "false false false false false\n", off: "true true true true true\n",
	},
	SpoilErrors: {
		act: func(t *testing.T, w world) string {
			r := w.chat(t, chatBody("[[429]]", m{"stream": true}))
			return fmt.Sprintln(r.status, r.header.Get("Content-Type"), strings.Contains(r.body, "data: {\"error\""))
		},
		on: "200 text/event-stream true\n", off: "429 application/json false\n",
	},
	SpoilRetryAfter: {
		act: func(t *testing.T, w world) string {
			return w.chat(t, chatBody("[[429 retry=3]]")).header.Get("Retry-After")
		},
		on: "", off: "3",
	},
	SpoilPreamble: {
		act: func(t *testing.T, w world) string {
			a := decodeAnswer(t, w.chat(t, chatBody("[[tooltext]]", tools("exec_command")))).Choices[0].Message
			return fmt.Sprintf("%q %d", *a.Content, len(a.ToolCalls))
		},
		on: `"" 1`, off: `"Let me look at the files." 1`,
	},
	SpoilNull: {
		options: Options{Balance: "0"},
		act: func(t *testing.T, w world) string {
			content := *decodeAnswer(t, w.chat(t, chatBody("[[tool]]", tools("exec_command")))).Choices[0].Message.Content
			return content[strings.LastIndex(content, "`")+1:]
		},
		on: ".\n\nnull", off: ".\n\n",
	},
	SpoilFreeSwap: {
		options: Options{Balance: "0"},
		act: func(t *testing.T, w world) string {
			r := w.chat(t, chatBody("hi"))
			return fmt.Sprintln(r.status, w.sim.Record().Last().Model, strings.Contains(r.body, "Wallet empty"), w.sim.Record().Charged)
		},
		on: "200 free/gpt-oss-120b true 0\n", off: "402 openai/gpt-5.6-terra false 0\n",
	},
	SpoilBalance: {
		options: Options{Balance: "10"},
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody(strings.Repeat("word ", 30000)))
			_, before := get(t, w.url+"/health?full=true")
			w.clock.advance(31 * time.Second)
			_, after := get(t, w.url+"/health?full=true")
			return balanceIn(before) + " " + balanceIn(after)
		},
		// 150 KB are 37.5K tokens: estimated at $0.09, charged at $0.08.
		on: "$9.91 $9.92", off: "$9.92 $9.92",
	},
	SpoilRoles: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("", messages(m{"role": "developer", "content": "d"}, m{"role": "model", "content": "m"}, m{"role": "narrator", "content": "n"}, user("u"))))
			var roles []string
			for _, s := range w.sent(t) {
				roles = append(roles, s["role"].(string))
			}
			return strings.Join(roles, " ")
		},
		on: "system assistant user user", off: "developer model narrator user",
	},
	SpoilToolIDs: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("", messages(user("u"),
				m{"role": "assistant", "content": nil, "tool_calls": []m{{"id": "fc.1:a", "type": "function", "function": m{"name": "f", "arguments": "{}"}}}},
				m{"role": "tool", "tool_call_id": "fc.1:a", "content": "r"})))
			s := w.sent(t)
			return fmt.Sprint(s[1]["tool_calls"].([]any)[0].(map[string]any)["id"], " ", s[2]["tool_call_id"])
		},
		on: "fc_1_a fc_1_a", off: "fc.1:a fc.1:a",
	},
	SpoilBrand: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("", messages(m{"role": "system", "content": "You are blockrun/auto here"}, user("blockrun/auto"))))
			s := w.sent(t)
			return fmt.Sprintf("%q %q", s[0]["content"], s[1]["content"])
		},
		on: `"You are  here" "blockrun/auto"`, off: `"You are blockrun/auto here" "blockrun/auto"`,
	},
	SpoilReasoning: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("", messages(user("u"), m{"role": "assistant", "content": "a"}, user("v"))))
			return fmt.Sprint(w.sent(t)[1]["reasoning_content"])
		},
		on: "", off: "<nil>",
	},
	SpoilGoogle: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("", m{"model": "google/gemini-2.5-flash"}, messages(m{"role": "system", "content": "s"}, m{"role": "assistant", "content": "a"}, user("u"))))
			return fmt.Sprint(w.sent(t)[1]["content"])
		},
		on: "(continuing conversation)", off: "a",
	},
	SpoilThink: {
		act: func(t *testing.T, w world) string {
			return fmt.Sprint(strings.Contains(*decodeAnswer(t, w.chat(t, chatBody("[[think]]"))).Choices[0].Message.Content, "A thought"))
		},
		on: "false", off: "true",
	},
	SpoilTextCalls: {
		act: func(t *testing.T, w world) string {
			c := decodeAnswer(t, w.chat(t, chatBody("[[xmltool]]", tools("exec_command")))).Choices[0]
			if len(c.Message.ToolCalls) == 0 {
				return c.FinishReason + " " + *c.Message.Content
			}
			return c.FinishReason + " " + c.Message.ToolCalls[0].Function.Arguments
		},
		on:  `tool_calls {"cmd":"ls"}`,
		off: `stop <function_calls><invoke name="exec_command"><parameter name="cmd">ls</parameter></invoke></function_calls>`,
	},
	SpoilHeaders: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("hi"), "Authorization", "Bearer secret", "Cookie", "c=1", "X-Stainless-Os", "x", "Anthropic-Beta", "x")
			h := w.sim.Record().Last().Header
			return fmt.Sprintf("%q %q %q %q %q", h.Get("Authorization"), h.Get("Cookie"), h.Get("X-Stainless-Os"), h.Get("Anthropic-Beta"), h.Get("User-Agent"))
		},
		on: `"Bearer secret" "c=1" "" "" "clawrouter/0.12.246"`, off: `"" "" "" "" "clawrouter/0.12.246"`,
	},
	SpoilFailures: {
		act: func(t *testing.T, w world) string {
			w.chat(t, chatBody("[[400]]"))
			r := w.sim.Record()
			return fmt.Sprintln(r.PaidCalls, r.Charged > 0, r.Balance == 12_340_000-r.Charged)
		},
		on: "1 true true\n", off: "0 false true\n",
	},
}

func balanceIn(health string) string {
	var h struct{ Balance string }
	json.Unmarshal([]byte(health), &h)
	return h.Balance
}

// TestSpoilings shows each spoiling twice: it happens, and switched off it does not.
func TestSpoilings(t *testing.T) {
	for _, name := range Spoilings() {
		tc, ok := spoilCases[name]
		if !ok {
			t.Errorf("%s has no case", name)
			continue
		}
		if tc.on == tc.off {
			t.Errorf("%s: the case cannot tell on from off", name)
		}
		for _, on := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s=%v", name, on), func(t *testing.T) {
				o, want := tc.options, tc.on
				clock := newHandClock()
				o.Clock = clock
				if !on {
					o.Off, want = []Spoiling{name}, tc.off
				}
				sim, url := serve(t, o)
				if diff := cmp.Diff(want, tc.act(t, world{sim, url, clock})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}
