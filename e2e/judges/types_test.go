//go:build e2e

package judges

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// typed is a TypeScript module that only compiles when each event and object
// has every field that openai's declarations require, of the right type, and
// none that they do not know. Where the declarations are narrower than what the
// API itself sends, they are widened, by name.
const typed = `import type { CompactedResponse, FunctionTool, Response, ResponseCustomToolCall,
  ResponseFormatTextJSONSchemaConfig, ResponseFunctionCallArgumentsDoneEvent, ResponseOutputItem,
  ResponseOutputItemAddedEvent, ResponseOutputItemDoneEvent, ResponseReasoningItem, ResponseStreamEvent,
  ResponseTextConfig, Tool,
} from 'openai/resources/responses/responses';

// The API sends null for these where there is nothing to say.
type Nullable = 'usage' | 'user' | 'safety_identifier' | 'prompt_cache_key';
// Calls of custom tools come with a status, as all items do.
type Item = Exclude<ResponseOutputItem, ResponseCustomToolCall | ResponseReasoningItem> |
  (ResponseCustomToolCall & { status: 'in_progress' | 'completed' | 'incomplete' }) |
  // The open specification of the API is narrower than openai's own here: no null,
  (Omit<ResponseReasoningItem, 'encrypted_content'> & { encrypted_content?: string });
// all that describes a function or a format, whether or not the request did,
type OpenTool = Exclude<Tool, FunctionTool> | (FunctionTool & { description: string | null });
type Format = NonNullable<ResponseTextConfig['format']>;
type OpenFormat = Exclude<Format, ResponseFormatTextJSONSchemaConfig> |
  (ResponseFormatTextJSONSchemaConfig & { description: string; strict: boolean });
// and each of these.
type Open = { output: Item[]; tools: OpenTool[]; text: Omit<ResponseTextConfig, 'format'> & { format: OpenFormat };
  store: boolean; background: boolean; completed_at: number | null; max_output_tokens: number | null;
  max_tool_calls: number | null; presence_penalty: number; frequency_penalty: number; temperature: number;
  top_p: number; top_logprobs: number; service_tier: string; truncation: 'auto' | 'disabled';
  instructions: string | null; previous_response_id: string | null; reasoning: NonNullable<Response['reasoning']> };
// output_text is added by the package itself.
type Sent = Omit<Response, 'output_text' | keyof Open | Nullable> & { [key in Nullable]: Response[key] | null } & Open;
type Event<T> =
  T extends { response: Response } ? Omit<T, 'response'> & { response: Sent } :
  T extends ResponseOutputItemAddedEvent | ResponseOutputItemDoneEvent ? Omit<T, 'item'> & { item: Item } :
  // Earlier declarations require the name here.
  T extends ResponseFunctionCallArgumentsDoneEvent ? T & { name: string } : T;

export const events: Event<ResponseStreamEvent>[] = [
%s];
export const responses: Sent[] = [
%s];
export const compacted: (Omit<CompactedResponse, 'output'> & { output: Item[] })[] = [
%s];
`

// failed ends in a failure after the first event, which without a stream is an
// error and no Response.
const failed = "refused late"

// typedRequests are those of scripts and, beyond them, answers that end
// otherwise than well.
func typedRequests(t *testing.T) map[string]string {
	all := map[string]string{
		"cut at its length": request(t, `[[length]]`, ""),
		failed:              request(t, `[[slow 4]] [[400]]`, ""),
	}
	for name, body := range openRequests {
		all[name] = body
	}
	for _, s := range scripts {
		all[s.name] = request(t, s.script, s.extra)
	}
	return all
}

func TestTypesOfOpenAI(t *testing.T) {
	link := stage.StartLink(t)
	var events, responses, compacted strings.Builder
	for name, body := range typedRequests(t) {
		for _, line := range post(t, link, body, true) {
			fmt.Fprintf(&events, "// %s\n%s,\n", name, line)
		}
		if name == failed {
			continue
		}
		for _, object := range post(t, link, body, false) {
			fmt.Fprintf(&responses, "// %s\n%s,\n", name, object)
		}
	}
	fmt.Fprintf(&compacted, "%s,\n", compact(t, link, `[[say "Launch on Tuesday."]]`))
	folder := stage.Folder(t)
	if err := os.Symlink(filepath.Join(stage.Root(), "e2e", "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	source := fmt.Sprintf(typed, events.String(), responses.String(), compacted.String())
	if err := os.WriteFile(filepath.Join(folder, "sent.mts"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: filepath.Join(stage.Root(), "e2e", "node_modules", ".bin", "tsc"),
		Args: []string{"--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022",
			"--pretty", "false", "sent.mts"},
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder}, Folder: folder,
	})
	if exit != 0 {
		t.Errorf("what the bridge sent is not what openai declares:\n%s%s", stdout, stderr)
	}
}

// post sends a request and returns the data of every event, or the one object.
func post(t *testing.T, link *stage.Link, body string, stream bool) []string {
	t.Helper()
	if stream {
		body = strings.TrimSuffix(body, "}") + `,"stream":true}`
	}
	response, err := http.Post(link.URL()+"/v1/responses", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s (%v)", response.Status, answer, err)
	}
	if !stream {
		return []string{string(answer)}
	}
	var all []string
	for block := range bytes.SplitSeq(answer, []byte("\n\n")) {
		for line := range bytes.Lines(block) {
			if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok && json.Valid(data) {
				all = append(all, string(bytes.TrimSpace(data)))
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("no event in %q", answer)
	}
	return all
}
