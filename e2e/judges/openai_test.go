//go:build e2e

package judges

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

type part struct{ Type, Text string }

// response is what openai's client made of an answer.
type response struct {
	ID         string
	Object     string
	Status     string
	Model      string
	OutputText string `json:"output_text"`
	Metadata   map[string]string
	Output     []struct {
		ID, Type, Role, Status, Name, Arguments, Input string

		CallID  string `json:"call_id"`
		Content []part
		Summary []part
	}
	Usage struct {
		InputTokens  int `json:"input_tokens"`
		OutputTokens int `json:"output_tokens"`
		TotalTokens  int `json:"total_tokens"`
	}
}

// shape leaves of an answer what two runs of one script have in common.
func (r response) shape() []string {
	shape := []string{r.Status, r.OutputText}
	for _, item := range r.Output {
		thought := ""
		if item.Type == "reasoning" {
			parts := item.Summary
			if len(parts) == 0 {
				parts = item.Content
			}
			for _, p := range parts {
				thought += p.Text
			}
		}
		shape = append(shape, item.Type+" "+item.Name+" "+item.Arguments+item.Input+thought)
	}
	return shape
}

// event is one event of the stream as openai's client handed it on. Index is
// the item's, and -1 where the event is about the whole response.
type event struct {
	Type            string
	Index, Sequence int
	Item            string
}

// story sorts the events of a stream: those of the response, then those of each
// item, one of several deltas that follow each other. It fails the test when
// the numbers do not run or an item's events name another item.
func story(t *testing.T, events []event) []string {
	t.Helper()
	var whole []string
	var items [][]string
	ids := map[int]string{}
	for i, e := range events {
		if e.Sequence != i {
			t.Errorf("event %d, %s, has the number %d", i, e.Type, e.Sequence)
		}
		name := strings.TrimPrefix(e.Type, "response.")
		if e.Index < 0 {
			whole = append(whole, name)
			continue
		}
		if e.Index == len(items) && name == "output_item.added" {
			items = append(items, nil)
		}
		if e.Index >= len(items) {
			t.Fatalf("%s is about item %d before it was added", e.Type, e.Index)
		}
		if e.Item != "" && ids[e.Index] == "" {
			ids[e.Index] = e.Item
		}
		if e.Item != "" && ids[e.Index] != e.Item {
			t.Errorf("item %d is called %s and %s", e.Index, ids[e.Index], e.Item)
		}
		item := items[e.Index]
		if n := len(item); n == 0 || item[n-1] != name || !strings.HasSuffix(name, ".delta") {
			items[e.Index] = append(item, name)
		}
	}
	told := []string{strings.Join(whole, " ")}
	for _, item := range items {
		told = append(told, strings.Join(item, " "))
	}
	return told
}

const (
	whole    = "created in_progress completed"
	message  = "output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done"
	rawText  = "output_item.added content_part.added reasoning_text.delta reasoning_text.done content_part.done output_item.done"
	summary  = "output_item.added reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.done reasoning_summary_part.done output_item.done"
	function = "output_item.added function_call_arguments.delta function_call_arguments.done output_item.done"
	custom   = "output_item.added custom_tool_call_input.delta custom_tool_call_input.done output_item.done"
)

const thought = "Let me think about it step by step."

var scripts = []struct {
	name, script, extra string
	story               []string
	together            []string // from the deltas of texts and arguments
	shape               []string
}{
	{
		"text", `[[say "The answer is four."]]`, "",
		[]string{whole, message}, []string{"The answer is four."},
		[]string{"completed", "The answer is four.", "message  "},
	},
	{
		"reasoning", `[[reason]] [[say "Four."]]`, "",
		[]string{whole, rawText, message}, []string{"Four."},
		[]string{"completed", "Four.", "reasoning  " + thought, "message  "},
	},
	{
		"reasoning as a summary", `[[reason]] [[say "Four."]]`, `,"reasoning":{"effort":"low","summary":"auto"}`,
		[]string{whole, summary, message}, []string{"Four."},
		[]string{"completed", "Four.", "reasoning  " + thought, "message  "},
	},
	{
		"a function", `[[calls [{"name":"weather","arguments":{"city":"Ulm"}}]]]`, "",
		[]string{whole, function}, []string{`{"city":"Ulm"}`},
		[]string{"completed", "", `function_call weather {"city":"Ulm"}`},
	},
	{
		"two functions", `[[calls [{"name":"weather","arguments":{"city":"Ulm"}},{"name":"weather","arguments":{"city":"Bonn"}}]]]`, "",
		[]string{whole, function, function}, []string{`{"city":"Ulm"}`, `{"city":"Bonn"}`},
		[]string{"completed", "", `function_call weather {"city":"Ulm"}`, `function_call weather {"city":"Bonn"}`},
	},
	{
		"a custom tool", `[[calls [{"name":"poem","arguments":{"input":"Roses\n\"are\" red"}}]]]`, "",
		[]string{whole, custom}, []string{},
		[]string{"completed", "", "custom_tool_call poem Roses\n\"are\" red"},
	},
}

func TestOpenAIClient(t *testing.T) {
	link := stage.StartLink(t)
	for _, test := range scripts {
		t.Run(test.name, func(t *testing.T) {
			var got struct {
				Events          []event
				Together        []string
				Streamed, Whole response
			}
			ask(t, &got, "openai.mjs", link.URL(), request(t, test.script, test.extra))
			if diff := cmp.Diff(test.story, story(t, got.Events)); diff != "" {
				t.Errorf("events:\n%s", diff)
			}
			if diff := cmp.Diff(test.together, got.Together); diff != "" {
				t.Errorf("what the client put together:\n%s", diff)
			}
			for form, r := range map[string]response{"streamed": got.Streamed, "whole": got.Whole} {
				if diff := cmp.Diff(test.shape, r.shape()); diff != "" {
					t.Errorf("%s:\n%s", form, diff)
				}
				if r.Usage.InputTokens == 0 || r.Usage.TotalTokens != r.Usage.InputTokens+r.Usage.OutputTokens {
					t.Errorf("%s: usage %+v", form, r.Usage)
				}
				if !strings.HasPrefix(r.ID, "resp_") || r.Object != "response" || r.Metadata["from"] != "test" {
					t.Errorf("%s: id %q, object %q, metadata %v", form, r.ID, r.Object, r.Metadata)
				}
			}
		})
	}
}
