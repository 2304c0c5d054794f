package translate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	searchTools = `"tools":[{"type":"function","name":"run","parameters":{"type":"object"}},{"type":"web_search","external_web_access":false}]`
	askSearch   = `{"model":"deepseek/deepseek-v4-pro","stream":true,"include":["reasoning.encrypted_content"],` + searchTools +
		`,"input":[{"role":"user","content":"What is new in Go?"}]}`
	// searchCall is an answer that thinks, speaks and searches.
	searchCall = `{"choices":[{"message":{"reasoning_content":"I look.","content":"Let me look.","tool_calls":[` +
		`{"id":"a","function":{"name":"web_search","arguments":"{\"query\":\"go 1.26\",\"num_results\":3}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":4}}`
	searchAnswer = `{"choices":[{"message":{"content":"Much."},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":2}}`
)

var searchTarget = Target{WebSearch: true, ClawRouter: true, EnvelopeKey: []byte("key")}

// searchStream starts the answer to a turn that may search.
func searchStream(t *testing.T, request string, o StreamOptions) (*Stream, []byte) {
	t.Helper()
	chat, turn := translated(t, request, searchTarget)
	turn.Codex = true
	if o.NewID == nil {
		o.NewID = numbered()
	}
	o.Now = noon
	s := turn.Stream(o)
	s.Begin()
	return s, chat
}

// receive gives s one whole answer.
func receive(t *testing.T, s *Stream, body string) {
	t.Helper()
	if err := s.Completion([]byte(body)); err != nil {
		t.Fatal(err)
	}
}

// next asks for the next round.
func next(t *testing.T, s *Stream, rounds int) []byte {
	t.Helper()
	to := searchTarget
	to.SearchRounds = rounds
	chat, err := s.Next(to)
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

func end(t *testing.T, s *Stream) []event {
	t.Helper()
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	return mustRead(t, s.Take())
}

// doneItems are the items as a client keeps them: in the order of their ends.
func doneItems(events []event) (items []string) {
	for _, e := range events {
		if e.Type == evItemDone {
			items = append(items, string(e.Item))
		}
	}
	return items
}

func messagesOf(t *testing.T, chat []byte) []json.RawMessage {
	t.Helper()
	var body struct{ Messages []json.RawMessage }
	if err := json.Unmarshal(chat, &body); err != nil {
		t.Fatal(err)
	}
	return body.Messages
}

// asText joins messages for comparison, one a line.
func asText(messages []json.RawMessage) string {
	return string(bytes.Join(slices.Collect(func(yield func([]byte) bool) {
		for _, m := range messages {
			if !yield(m) {
				return
			}
		}
	}), []byte("\n")))
}

// A turn that searches goes on with what was found, in one answer to the client.
func TestASearchAndItsAnswer(t *testing.T) {
	s, first := searchStream(t, askSearch, StreamOptions{})
	if !bytes.Contains(first, []byte(`"name":"web_search"`)) {
		t.Errorf("no search is offered: %s", first)
	}
	receive(t, s, searchCall)
	asked := s.Searches()
	if diff := cmp.Diff([]Search{{Query: "go 1.26", Results: 3}}, asked); diff != "" {
		t.Fatal(diff)
	}
	s.Found("1. Go 1.26", true)
	second := next(t, s, 1)
	const want = `{"role":"user","content":"What is new in Go?"}
{"role":"assistant","content":"Let me look.","reasoning_content":"I look.","tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"go 1.26\"}"}}]}
{"role":"tool","tool_call_id":"search","content":"1. Go 1.26"}`
	if diff := cmp.Diff(want, asText(messagesOf(t, second))); diff != "" {
		t.Errorf("the second round is asked with:\n%s", diff)
	}
	if s.Produced() {
		t.Error("nothing of the second round was given out yet, and it may be asked for again")
	}
	receive(t, s, searchAnswer)
	if more := s.Searches(); more != nil {
		t.Errorf("searches again: %v", more)
	}
	events := end(t, s)
	var kinds []string
	for _, e := range events {
		if strings.Contains(e.Type, "item") || strings.Contains(e.Type, "search") || strings.Contains(e.Type, "completed") {
			kinds = append(kinds, strings.TrimPrefix(e.Type, "response."))
		}
	}
	wantKinds := []string{
		"output_item.added", "output_item.done", // the thought
		"output_item.added", "output_item.done", // "Let me look."
		"output_item.added", "web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed", "output_item.done",
		"output_item.added", "output_item.done", // what was found
		"output_item.added", "output_item.done", "completed",
	}
	if diff := cmp.Diff(wantKinds, kinds); diff != "" {
		t.Error(diff)
	}
	if item := doneItems(events)[2]; item != `{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"go 1.26"}}` {
		t.Errorf("the search is shown as %s", item)
	}
	// The next request of the client begins, to the byte, as the second round did:
	// the model has its findings still, and providers' caches hit.
	again := strings.Replace(askSearch, `Go?"}`, `Go?"},`+strings.Join(doneItems(events), ",")+`,{"role":"user","content":"Thanks."}`, 1)
	chat, _ := translated(t, again, searchTarget)
	if got := asText(messagesOf(t, chat)); !strings.HasPrefix(got, want+"\n"+`{"role":"assistant","content":"Much."}`) {
		t.Errorf("the next request is\n%s", got)
	}
}

// Calls that the client has to run end the answer; what was found goes up with
// their outputs.
func TestASearchBesideACall(t *testing.T) {
	s, _ := searchStream(t, askSearch, StreamOptions{})
	receive(t, s, `{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}},{"id":"b","function":{"name":"run","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`)
	if asked := s.Searches(); len(asked) != 1 {
		t.Fatalf("%v", asked)
	}
	s.Found("X it is.", true)
	if chat := next(t, s, 1); chat != nil {
		t.Errorf("goes on although the client has a call to run: %s", chat)
	}
	items := doneItems(end(t, s))
	again := strings.Replace(askSearch, `Go?"}`, `Go?"},`+strings.Join(items, ",")+`,{"type":"function_call_output","call_id":"b","output":"ran"}`, 1)
	chat, _ := translated(t, again, searchTarget)
	const want = `{"role":"user","content":"What is new in Go?"}
{"role":"assistant","content":null,"tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}},{"id":"b","type":"function","function":{"name":"run","arguments":"{}"}}]}
{"role":"tool","tool_call_id":"search","content":"X it is."}
{"role":"tool","tool_call_id":"b","content":"ran"}`
	if diff := cmp.Diff(want, asText(messagesOf(t, chat))); diff != "" {
		t.Error(diff)
	}
}

// Text that comes after the call belongs to the same round.
func TestTextAfterASearch(t *testing.T) {
	s, _ := searchStream(t, askSearch, StreamOptions{})
	for _, chunk := range []string{
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}}]}}]}`,
		`{"choices":[{"delta":{"content":"Looking."},"finish_reason":"tool_calls"}]}`,
	} {
		if err := s.Chunk([]byte(chunk)); err != nil {
			t.Fatal(err)
		}
	}
	s.Searches()
	s.Found("found", true)
	const want = `{"role":"assistant","content":"Looking.","tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}}]}`
	if got := asText(messagesOf(t, next(t, s, 1))); !strings.Contains(got, want) {
		t.Errorf("the second round is asked with\n%s", got)
	}
	receive(t, s, searchAnswer)
	if all := strings.Join(doneItems(end(t, s)), "\n"); !strings.Contains(all, "Looking.") {
		t.Errorf("%s", all)
	}
}

// A client that keeps no reasoning loses what was found with the turn, but not
// within it: the thoughts and findings of a round go into the next.
func TestAClientWithoutReasoningItems(t *testing.T) {
	request := strings.Replace(askSearch, `"include":["reasoning.encrypted_content"],`, "", 1)
	s, _ := searchStream(t, request, StreamOptions{})
	s.turn.Codex = false
	receive(t, s, strings.Replace(searchCall, `"reasoning_content":"I look."`, `"reasoning_content":"I look.","reasoning_details":[{"type":"reasoning.text","text":"I look.","signature":"sig"}]`, 1))
	s.Searches()
	s.Found("found", true)
	second := string(next(t, s, 1))
	if !strings.Contains(second, `"signature":"sig"`) || !strings.Contains(second, `"content":"found"`) {
		t.Errorf("the second round is asked with %s", second)
	}
	receive(t, s, searchAnswer)
	events := end(t, s)
	items := doneItems(events)
	if all := strings.Join(items, "\n"); len(items) != 4 || strings.Contains(all, "encrypted_content") {
		t.Errorf("items:\n%s", all)
	}
	if last := string(events[len(events)-1].Response); !strings.Contains(last, `"input_tokens":40,`) || !strings.Contains(last, `"output_tokens":6,`) {
		t.Errorf("the usage is not what all rounds came to: %s", last)
	}
	again := strings.Replace(request, `Go?"}`, `Go?"},`+strings.Join(items, ","), 1)
	chat, _ := translated(t, again, searchTarget)
	if !bytes.Contains(chat, []byte("no longer in the history")) {
		t.Errorf("%s", chat)
	}
}

// To Codex the usage is the size of its history, by which it decides to compact.
func TestCodexIsToldTheLastRoundsUsage(t *testing.T) {
	s, _ := searchStream(t, askSearch, StreamOptions{})
	receive(t, s, searchCall)
	s.Searches()
	if u := s.Result().Usage; u.Input != 10 {
		t.Errorf("the first round is booked with %+v", u)
	}
	s.Found("found", true)
	next(t, s, 1)
	receive(t, s, searchAnswer)
	if u := s.Result().Usage; u.Input != 30 || u.Output != 2 {
		t.Errorf("the second round is booked with %+v", u)
	}
	events := end(t, s)
	if last := string(events[len(events)-1].Response); !strings.Contains(last, `"input_tokens":30,`) {
		t.Errorf("usage: %s", last)
	}
}

func TestSearchesHaveAnEnd(t *testing.T) {
	only := strings.Replace(askSearch, `{"type":"function","name":"run","parameters":{"type":"object"}},`, "", 1)
	for _, c := range []struct {
		name, request string
		want, not     string
	}{
		{"other tools stay", askSearch, `"name":"run"`, `"name":"web_search","description"`},
		{"a history with calls needs a tool", only, `"tool_choice":"none"`, `"name":"run"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := searchStream(t, c.request, StreamOptions{})
			for round := 1; round <= MaxSearchRounds; round++ {
				receive(t, s, searchCall)
				s.Searches()
				s.Found("found", true)
				chat := string(next(t, s, round))
				if offered := strings.Contains(chat, `"name":"web_search","description"`) && !strings.Contains(chat, `"tool_choice":"none"`); offered != (round < MaxSearchRounds) {
					t.Errorf("after %d rounds: offered is %v", round, offered)
				}
				if round == MaxSearchRounds && (!strings.Contains(chat, c.want) || strings.Contains(chat, c.not)) {
					t.Errorf("the last round is asked with %s", chat)
				}
			}
			receive(t, s, searchCall) // and yet
			if asked := s.Searches(); len(asked) != 1 {
				t.Fatal(asked)
			}
			items := doneItems(end(t, s))
			all := strings.Join(items, "\n")
			if !strings.Contains(all, searchNote) || !strings.Contains(all, `"status":"failed"`) {
				t.Errorf("ends with\n%s", all)
			}
		})
	}
}

func TestTheUsersSwitchOffersTheSearch(t *testing.T) {
	const bare = `{"model":"m","input":"x","tools":[{"type":"function","name":"run"}]%s}`
	offered := func(request string, to Target) bool {
		chat, _ := translated(t, request, to)
		return bytes.Contains(chat, []byte(`"name":"web_search"`))
	}
	plain := strings.Replace(bare, "%s", "", 1)
	if !offered(plain, searchTarget) {
		t.Error("not offered, because the client lists no search")
	}
	if offered(askSearch, Target{}) {
		t.Error("offered although it is switched off")
	}
	chat, _ := translated(t, strings.Replace(bare, "%s", `,"tool_choice":{"type":"web_search"}`, 1), searchTarget)
	if !bytes.Contains(chat, []byte(`"tool_choice":{"type":"function","function":{"name":"web_search"}}`)) {
		t.Errorf("a search that the client demands is not: %s", chat)
	}
	if offered(`{"model":"m","input":[{"role":"user","content":"x"},{"type":"compaction_trigger"}]}`, searchTarget) {
		t.Error("offered to a summary")
	}
	own, turn := translated(t, `{"model":"m","input":"x","tools":[{"type":"function","name":"web_search"}]}`, searchTarget)
	if turn.names.byUpstream["web_search"].kind != toolFunction || !turn.mayRound() || bytes.Count(own, []byte(`"function":{"name":"web_search`)) != 2 {
		t.Errorf("a function of the client's with that name: %s", own)
	}
}

// A demand for a call is met by a search; the next round may just answer.
func TestADemandedSearchIsDemandedOnce(t *testing.T) {
	for choice, kept := range map[string]bool{`"required"`: false, `{"type":"web_search"}`: false, `"none"`: true} {
		request := strings.Replace(askSearch, `"stream":true`, `"stream":true,"tool_choice":`+choice, 1)
		s, _ := searchStream(t, request, StreamOptions{})
		receive(t, s, searchCall)
		s.Searches()
		s.Found("found", true)
		if chat := next(t, s, 1); bytes.Contains(chat, []byte(`"tool_choice"`)) != kept {
			t.Errorf("%s: %s", choice, chat)
		}
	}
}

// A client that asks again after its stream broke is given what it lacks.
func TestASearchThatTheClientHas(t *testing.T) {
	play := func(s *Stream) (second string) {
		receive(t, s, searchCall)
		s.Searches()
		s.Found("found", true)
		second = string(next(t, s, 1))
		receive(t, s, searchAnswer)
		if err := s.End(); err != nil {
			t.Fatal(err)
		}
		return second
	}
	first, _ := searchStream(t, askSearch, StreamOptions{})
	asked := play(first)
	had := doneItems(mustRead(t, first.Take()))[:4]
	again := strings.Replace(askSearch, `Go?"}`, `Go?"},`+strings.Join(had, ","), 1)
	s, _ := searchStream(t, again, StreamOptions{Have: []string{"rs_1", "msg_1", "ws_1", "rs_2"}})
	if diff := cmp.Diff(asked, play(s)); diff != "" {
		t.Errorf("the second round is asked otherwise: %s", diff)
	}
	events, err := readEvents(s.Take())
	if err != nil {
		t.Fatal(err)
	}
	items := doneItems(events)
	if len(items) != 1 || !strings.Contains(items[0], "Much.") {
		t.Errorf("given again: %s", items)
	}
	var last responseObject
	if err := json.Unmarshal(events[len(events)-1].Response, &last); err != nil || len(last.Output) != 5 {
		t.Errorf("the response holds %d items (%v)", len(last.Output), err)
	}
}

func TestASearchThatFails(t *testing.T) {
	s, _ := searchStream(t, askSearch, StreamOptions{})
	receive(t, s, searchCall)
	s.Searches()
	s.Found("[The search failed.]", false)
	if second := next(t, s, 1); !bytes.Contains(second, []byte("[The search failed.]")) {
		t.Errorf("the model is not told: %s", second)
	}
	receive(t, s, searchAnswer)
	if items := doneItems(end(t, s)); !strings.Contains(items[2], `"status":"failed"`) {
		t.Errorf("shown as %s", items[2])
	}
}

// A search that the model writes into its text is one, and one that is both there
// and in tool_calls is run once.
func TestALeakedSearch(t *testing.T) {
	const leaked = `<tool_call>\n{\"name\": \"web_search\", \"arguments\": {\"query\": \"x\"}}\n</tool_call>`
	for name, body := range map[string]string{
		"leaked": `{"choices":[{"message":{"content":"` + leaked + `"},"finish_reason":"stop"}]}`,
		"both":   `{"choices":[{"message":{"content":"` + leaked + `","tool_calls":[{"id":"a","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}}]},"finish_reason":"stop"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := searchStream(t, askSearch, StreamOptions{})
			receive(t, s, body)
			if diff := cmp.Diff([]Search{{Query: "x"}}, s.Searches()); diff != "" {
				t.Fatal(diff)
			}
			s.Found("found", true)
			if second := next(t, s, 1); bytes.Count(second, []byte(`"role":"tool"`)) != 1 {
				t.Errorf("%s", second)
			}
		})
	}
}

// An answer that was cut, or that is none, is not searched for.
func TestNoSearchForHalfAnAnswer(t *testing.T) {
	for _, body := range []string{
		strings.Replace(searchCall, `"tool_calls"}]`, `"length"}]`, 1),
		strings.Replace(searchCall, `"tool_calls"}]`, `"error"}]`, 1),
	} {
		s, _ := searchStream(t, askSearch, StreamOptions{})
		receive(t, s, body)
		if asked := s.Searches(); asked != nil {
			t.Errorf("searches %v", asked)
		}
	}
	s, _ := searchStream(t, askSearch, StreamOptions{})
	receive(t, s, strings.Replace(searchCall, `"tool_calls"}]`, `"length"}]`, 1))
	s.Searches()
	if all := strings.Join(doneItems(end(t, s)), "\n"); !strings.Contains(all, `"status":"failed","action":{"type":"search","query":"go 1.26"}`) || !strings.Contains(all, cutNote) {
		t.Errorf("ends with\n%s", all)
	}
}

func TestReadSearch(t *testing.T) {
	for args, want := range map[string]Search{
		`{"query":" a b "}`:                             {Query: "a b"},
		`{"q":"a"}`:                                     {Query: "a"},
		`{"search_query":"a","numResults":9}`:           {Query: "a", Results: 9},
		`{"type":"search","queries":["a","b"]}`:         {Query: "a b"},
		`{"type":"search","query":"a","queries":["b"]}`: {Query: "a"},
		`{"query":"a","num_results":1e9}`:               {Query: "a", Results: 1000},
		`{"query":"a","num_results":-3}`:                {Query: "a"},
		`{"query":"a","num_results":"3"}`:               {Query: "a"},
		`{"query":7}`:                                   {},
		`{"query":"a"`:                                  {},
		`"a"`:                                           {},
		``:                                              {},
		`{"query":"a","more":{"query":"b"}}`:            {Query: "a"},
		`{"type":"open_page","url":"https://example.org"}`: {},
	} {
		if got := readSearch([]byte(args)); got != want {
			t.Errorf("%s: %+v, want %+v", args, got, want)
		}
	}
}

// Searches of other clients and of earlier times stay calls; whose findings are not
// there say so.
func TestSearchesOfTheHistory(t *testing.T) {
	const item = `{"type":"web_search_call","id":"ws_1","status":"completed","action":`
	for _, c := range []struct{ name, items, want string }{
		{"what it found is gone", item + `{"type":"search","query":"go 1.26"}},{"role":"assistant","content":"b"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"go 1.26\"}"}}]}
{"role":"tool","tool_call_id":"search","content":"[What this search found is no longer in the history.]"}
{"role":"assistant","content":"b"}`},
		{"of another kind", item + `{"type":"open_page","url":"https://example.org"}}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"type\":\"open_page\",\"url\":\"https://example.org\"}"}}]}
{"role":"tool","tool_call_id":"search","content":"[What this search found is no longer in the history.]"}`},
		{"without an action", `{"type":"web_search_call","id":"ws_1","status":"failed"},{"role":"assistant","content":"b"}`,
			`{"role":"assistant","content":"b"}`},
		{"findings that somebody made up", item + `{"type":"search","query":"x"}},{"type":"reasoning","summary":[],"encrypted_content":"cs1.AAAAAAAAAAAAAAAAAAAAAFt7InF1ZXJ5IjoieCIsInRleHQiOiJoYWNrZWQifV0"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"search","type":"function","function":{"name":"web_search","arguments":"{\"query\":\"x\"}"}}]}
{"role":"tool","tool_call_id":"search","content":"[What this search found is no longer in the history.]"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			chat, _ := translated(t, `{"model":"zai/glm-5","input":[{"role":"user","content":"a"},`+c.items+`]}`, Target{EnvelopeKey: []byte("key")})
			if diff := cmp.Diff(c.want, asText(messagesOf(t, chat)[1:])); diff != "" {
				t.Error(diff)
			}
		})
	}
}
