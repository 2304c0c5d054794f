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
const typed = `import type { Response, ResponseCustomToolCall, ResponseFunctionCallArgumentsDoneEvent,
  ResponseOutputItem, ResponseOutputItemAddedEvent, ResponseOutputItemDoneEvent, ResponseStreamEvent,
} from 'openai/resources/responses/responses';

// The API sends null for these where there is nothing to say.
type Nullable = 'usage' | 'user' | 'safety_identifier' | 'prompt_cache_key';
// Calls of custom tools come with a status, as all items do.
type Item = Exclude<ResponseOutputItem, ResponseCustomToolCall> |
  (ResponseCustomToolCall & { status: 'in_progress' | 'completed' | 'incomplete' });
// The open specification of the API has these beside openai's own.
type Open = { store: boolean; presence_penalty: number; frequency_penalty: number };
// output_text is added by the package itself.
type Sent = Omit<Response, 'output_text' | 'output' | Nullable> &
  { [key in Nullable]: Response[key] | null } & { output: Item[] } & Open;
type Event<T> =
  T extends { response: Response } ? Omit<T, 'response'> & { response: Sent } :
  T extends ResponseOutputItemAddedEvent | ResponseOutputItemDoneEvent ? Omit<T, 'item'> & { item: Item } :
  // Earlier declarations require the name here.
  T extends ResponseFunctionCallArgumentsDoneEvent ? T & { name: string } : T;

export const events: Event<ResponseStreamEvent>[] = [
%s];
export const responses: Sent[] = [
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
	for _, s := range scripts {
		all[s.name] = request(t, s.script, s.extra)
	}
	return all
}

func TestTypesOfOpenAI(t *testing.T) {
	link := stage.StartLink(t)
	var events, responses strings.Builder
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
	folder := stage.Folder(t)
	if err := os.Symlink(filepath.Join(stage.Root(), "e2e", "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	source := fmt.Sprintf(typed, events.String(), responses.String())
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
