//go:build e2e

package judges

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

const openModel = `"model":"deepseek/deepseek-v4-pro"`

// openRequests are what the compliance suite of the open specification of the
// API asks, in our words: everything of it that goes over HTTP and needs no
// stored answers. They say less about tools and formats than other requests.
var openRequests = map[string]string{
	"one text":                      `{` + openModel + `,"input":[{"type":"message","role":"user","content":"Hello."}]}`,
	"phases":                        `{` + openModel + `,"input":[{"type":"message","role":"assistant","phase":"commentary","content":"I look it up."},{"type":"message","role":"assistant","phase":"final_answer","content":"Four."},{"type":"message","role":"user","content":"Again."}]}`,
	"a system message":              `{` + openModel + `,"input":[{"type":"message","role":"system","content":"Be brief."},{"type":"message","role":"user","content":"Hello."}]}`,
	"several turns":                 `{` + openModel + `,"input":[{"type":"message","role":"user","content":"I am Ada."},{"type":"message","role":"assistant","content":"Hello Ada."},{"type":"message","role":"user","content":"Who am I?"}]}`,
	"an image":                      `{` + openModel + `,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"What is this?"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]}`,
	"a file":                        `{` + openModel + `,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"What is this?"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjEK"}]}]}`,
	"a bare function":               `{` + openModel + `,"input":"[[calls [{\"name\":\"weather\",\"arguments\":{\"city\":\"Ulm\"}}]]]","tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}]}`,
	"a function without parameters": `{` + openModel + `,"input":"Hello.","tools":[{"type":"function","name":"now"}]}`,
	"a bare format":                 `{` + openModel + `,"input":"Hello.","text":{"format":{"type":"json_schema","name":"a","schema":{"type":"object"}}}}`,
}

// TestOpenSpecification asks for an answer of each of those that ends well;
// TestTypesOfOpenAI checks the fields of all they bring.
func TestOpenSpecification(t *testing.T) {
	link := stage.StartLink(t)
	for name, body := range openRequests {
		t.Run(name, func(t *testing.T) {
			var r response
			if err := json.Unmarshal([]byte(post(t, link, body, false)[0]), &r); err != nil {
				t.Fatal(err)
			}
			if r.Status != "completed" || len(r.Output) == 0 {
				t.Errorf("status %q, %d items", r.Status, len(r.Output))
			}
		})
	}
	t.Run("a compaction", func(t *testing.T) {
		var r response
		if err := json.Unmarshal([]byte(compact(t, link, `[[say "Launch on Tuesday."]]`)), &r); err != nil {
			t.Fatal(err)
		}
		if r.Object != "response.compaction" || len(r.Output) != 1 || r.Output[0].Type != "compaction" {
			t.Errorf("%+v", r)
		}
	})
	for path, body := range map[string]string{
		"/v1/responses/compact": `{"input":"Hello."}`,
		"/v1/responses":         `{` + openModel + `,"input":"Hello.","previous_response_id":"resp_1"}`,
	} {
		t.Run("refused on "+path, func(t *testing.T) {
			answer, err := http.Post(link.URL()+path, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			var e struct {
				Error struct{ Message, Type string }
			}
			if err := json.NewDecoder(answer.Body).Decode(&e); err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusBadRequest || e.Error.Message == "" || e.Error.Type != "invalid_request_error" {
				t.Errorf("%s: %+v", answer.Status, e)
			}
		})
	}
}

// compact has a conversation that ends in script summed up, and returns the
// answer's object.
func compact(t *testing.T, link *stage.Link, script string) string {
	t.Helper()
	words, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{%s,"prompt_cache_key":"k","input":[{"type":"message","role":"user","content":%s},{"type":"message","role":"assistant","content":"Agreed."}]}`, openModel, words)
	response, err := http.Post(link.URL()+"/v1/responses/compact", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s (%v)", response.Status, answer, err)
	}
	return string(answer)
}
