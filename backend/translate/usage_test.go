package translate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUsage reads usage in the shapes of several providers, and writes it in the
// one shape that Codex takes.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name, usage string
		want        Usage
		told        bool
	}{
		{"OpenAI", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":7,"audio_tokens":0}}`,
			Usage{Input: 100, Cached: 64, Output: 20, Reasoning: 7, Total: 120}, true},
		{"OpenAI with cache writes", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64,"cache_write_tokens":30}}`,
			Usage{Input: 100, Cached: 64, CacheWrite: 30, Output: 20, Total: 120}, true},
		{"DeepSeek", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}`,
			Usage{Input: 100, Cached: 64, Output: 20, Total: 120}, true},
		{"only hits and misses", `{"completion_tokens":20,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}`,
			Usage{Input: 100, Cached: 64, Output: 20, Total: 120}, true},
		{"names of the Responses API", `{"input_tokens":100,"input_tokens_details":{"cached_tokens":64},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":7},"total_tokens":120}`,
			Usage{Input: 100, Cached: 64, Output: 20, Reasoning: 7, Total: 120}, true},
		{"a gateway before Anthropic", `{"prompt_tokens":100,"completion_tokens":20,"cache_read_input_tokens":64,"cache_creation_input_tokens":10}`,
			Usage{Input: 100, Cached: 64, CacheWrite: 10, Output: 20, Total: 120}, true},
		{"Anthropic's own", `{"input_tokens":10,"cache_read_input_tokens":500,"cache_creation_input_tokens":20,"output_tokens":5}`,
			Usage{Input: 530, Cached: 500, CacheWrite: 20, Output: 5, Total: 535}, true},
		{"reasoning beside", `{"prompt_tokens":100,"completion_tokens":20,"reasoning_tokens":7}`,
			Usage{Input: 100, Output: 20, Reasoning: 7, Total: 120}, true},
		{"a total that forgets the reasoning", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":90}`,
			Usage{Input: 100, Output: 20, Total: 120}, true},
		{"a total that knows more", `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":150}`,
			Usage{Input: 100, Output: 20, Total: 150}, true},
		{"details null and empty", `{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":null,"completion_tokens_details":{}}`,
			Usage{Input: 100, Output: 20, Total: 120}, true},
		{"floats", `{"prompt_tokens":100.9,"completion_tokens":2e1}`, Usage{Input: 100, Output: 20, Total: 120}, true},
		{"nonsense", `{"prompt_tokens":-5,"completion_tokens":"many","total_tokens":null}`, Usage{}, true},
		{"absurd", `{"prompt_tokens":1e300,"completion_tokens":9223372036854775807,"total_tokens":99999999999999999999}`, Usage{}, true},
		{"costs of ClawRouter", `{"prompt_tokens":9,"completion_tokens":13,"total_tokens":22,"cost":{"total":0.001,"input":0}}`, Usage{Input: 9, Output: 13, Total: 22}, true},
		{"empty", `{}`, Usage{}, false},
		{"null", `null`, Usage{}, false},
		{"a number", `7`, Usage{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got Usage
			told, err := got.read(newReader([]byte(c.usage)))
			if err != nil || told != c.told {
				t.Errorf("told is %v, err %v", told, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUsageIsWrittenWhole: Codex fails the stream where a details object is empty.
func TestUsageIsWrittenWhole(t *testing.T) {
	u := Usage{Input: 5, Cached: 3, CacheWrite: 2, Output: 4, Reasoning: 1, Total: 9, Estimated: true}
	wantJSON(t, `{"input_tokens":5,"input_tokens_details":{"cached_tokens":3,"cache_write_tokens":2},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":9}`, string(u.append(nil)))
	wantJSON(t, `{"input_tokens":0,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":0,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":0}`, string(new(Usage).append(nil)))
}

// TestResult shows what the log and the ledger get of a turn.
func TestResult(t *testing.T) {
	told := newStream(t, declared, true)
	buffered(told, []byte(`{"model":"zai/glm-5.2","choices":[{"message":{"content":"Hi","tool_calls":[{"id":"a","function":{"name":"exec_command","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}`))
	want := Result{Model: "zai/glm-5.2", Finish: "tool_calls", Usage: Usage{Input: 7, Output: 3, Total: 10}, Calls: 1, Text: true}
	if diff := cmp.Diff(want, told.Result()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	silent := newStream(t, declared, true)
	buffered(silent, []byte(`{"choices":[{"message":{"content":"Hi"}}]}`))
	got := silent.Result()
	if !got.Usage.Estimated || got.Usage.Input == 0 || got.Usage.Output == 0 || got.Usage.Total != got.Usage.Input+got.Usage.Output {
		t.Errorf("an estimate must say so, and be one: %+v", got.Usage)
	}
	if got.Model != "glm-5" || got.Finish != "stop" || got.Calls != 0 {
		t.Errorf("got %+v", got)
	}
}
