package translate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestForget overwrites the body of a request that was forgotten: the answer is the
// same to the byte.
func TestForget(t *testing.T) {
	files, err := filepath.Glob("testdata/request/*[a-z].json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	bodies := map[string]string{"every field": everyField, "a tool that was found": foundTool}
	for _, file := range files {
		if strings.HasSuffix(file, ".chat.json") {
			continue // what the request of that name becomes
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[filepath.Base(file)] = string(body)
	}
	answer := `{"model":"m","choices":[{"message":{"content":"<tool_call>\n{\"name\":\"exec_command\",\"arguments\":{\"cmd\":\"ls\"}}\n</tool_call>","reasoning_content":"hm","tool_calls":[{"id":"call_1","function":{"name":"late","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			cache := &ToolCache{}
			respond := func(forget bool) string {
				own := []byte(body)
				req, err := DecodeRequest(own)
				if err != nil {
					t.Fatal(err)
				}
				_, turn, err := req.Chat(Target{ClawRouter: true, Tools: cache})
				if err != nil {
					t.Fatal(err)
				}
				if forget {
					if !turn.Forget() {
						t.Fatal("the body is kept")
					}
					for i := range own {
						own[i] = '#'
					}
				}
				s := turn.Stream(StreamOptions{NewID: numbered(), Now: noon})
				return string(buffered(s, []byte(answer)))
			}
			if want, got := respond(false), respond(true); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
	_, turn := translated(t, declared, Target{WebSearch: true})
	if turn.Forget() || len(turn.Request.items) == 0 {
		t.Error("a turn that may go on after a search forgot its items")
	}
}

const everyField = `{"model":"m","stream":false,"instructions":"Be brief.","input":"x","tools":[{"type":"function","name":"late"}],
	"tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"high","summary":"auto"},"include":["reasoning.encrypted_content"],
	"text":{"format":{"type":"text"},"verbosity":"low"},"max_output_tokens":100,"temperature":0.5,"top_p":0.9,"top_logprobs":1,"presence_penalty":0.1,
	"frequency_penalty":0.2,"metadata":{"a":"b"},"truncation":"auto","user":"me","service_tier":"flex","safety_identifier":"s","prompt_cache_key":"p","max_tool_calls":3,"stop":"x","seed":1}`

const foundTool = `{"model":"m","input":[{"role":"user","content":"x"},{"type":"function_call","name":"late","call_id":"call_1","arguments":"{}"},
	{"type":"tool_search_call","call_id":"c","arguments":{}},{"type":"tool_search_output","call_id":"c","tools":[{"type":"function","name":"late","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}]}]}`

// Requests with the same tools share what they were read as; others do not get it.
func TestToolCache(t *testing.T) {
	cache := &ToolCache{}
	ask := func(tools string, search bool) (*Turn, string) {
		req, err := DecodeRequest([]byte(`{"model":"openai/gpt-5","input":"x","tools":` + tools + `}`))
		if err != nil {
			t.Fatal(err)
		}
		chat, turn, err := req.Chat(Target{Tools: cache, WebSearch: search})
		if err != nil {
			t.Fatal(err)
		}
		_, fresh, err := req.Chat(Target{WebSearch: search})
		if err != nil {
			t.Fatal(err)
		}
		if len(turn.tools) != len(fresh.tools) || len(turn.Dropped) != len(fresh.Dropped) || string(turn.echoTools) != string(fresh.echoTools) {
			t.Errorf("%s: %+v, read anew %+v", tools, turn, fresh)
		}
		return turn, string(chat)
	}
	one := `[{"type":"function","name":"one","strict":true,"parameters":{"type":"object","properties":{}}},{"type":"code_interpreter"}]`
	two := `[{"type":"function","name":"two","parameters":{"type":"object","properties":{}}}]`
	a, chatA := ask(one, false)
	b, chatB := ask(one, false)
	if &a.tools[0] != &b.tools[0] || &a.echoTools[0] != &b.echoTools[0] || chatA != chatB {
		t.Error("the same tools were read twice")
	}
	for _, other := range []func() (*Turn, string){func() (*Turn, string) { return ask(two, false) }, func() (*Turn, string) { return ask(one, true) }} {
		if c, chat := other(); &c.tools[0] == &a.tools[0] || chat == chatA {
			t.Error("other tools, or a search, gave the same")
		}
	}
	for i := range 3 * maxToolSets {
		ask(`[{"type":"function","name":"f`+strconv.Itoa(i)+`"}]`, false)
	}
	if len(cache.sets) != maxToolSets {
		t.Errorf("%d lists are kept", len(cache.sets))
	}
	if _, err := cache.set(make([]byte, maxToolBytes+1), false); err == nil || len(cache.sets) != maxToolSets {
		t.Error("what is no list of tools was read")
	}
	if c, _ := ask(one, false); &c.tools[0] == &a.tools[0] {
		t.Error("the list that was used longest ago is still there")
	}
}

// A request that allows only some of its tools leaves the others to the next one.
func TestToolCacheSurvivesAllowedTools(t *testing.T) {
	const tools = `"tools":[{"type":"function","name":"a"},{"type":"function","name":"b"},{"type":"function","name":"c"}]`
	cache := &ToolCache{}
	before, _ := translated(t, `{"model":"m","input":"x",`+tools+`}`, Target{Tools: cache})
	few, _ := translated(t, `{"model":"m","input":"x",`+tools+`,"tool_choice":{"type":"allowed_tools","tools":[{"type":"function","name":"c"}]}}`, Target{Tools: cache})
	after, _ := translated(t, `{"model":"m","input":"x",`+tools+`}`, Target{Tools: cache})
	if string(after) != string(before) {
		t.Errorf("without a choice %s\nafter one of c only %s", before, after)
	}
	if string(few) == string(before) {
		t.Error("all tools are offered where one is allowed")
	}
}
