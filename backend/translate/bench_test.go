package translate

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// codexBody is a request of about size bytes in the shape of Codex's own: the
// base instructions, tools of each kind, and a history of commands and their
// outputs. It is the same every time.
func codexBody(size int) string {
	var b strings.Builder
	b.WriteString(`{"model":"deepseek-v4","stream":true,"input":[{"type":"message","id":"msg_1","role":"developer","content":[{"type":"input_text","text":"` + prose(4000) + `"}]},` +
		`{"type":"message","id":"msg_2","role":"user","content":[{"type":"input_text","text":"<environment_context>\n  <cwd>/home/dev/project</cwd>\n</environment_context>"}]},` +
		`{"type":"message","id":"msg_3","role":"user","content":[{"type":"input_text","text":"Mend the failing test."}]}`)
	tools := toolsOfCodex()
	for i := 0; b.Len()+len(tools) < size; i++ {
		fmt.Fprintf(&b, `,{"type":"reasoning","id":"rs_%d","summary":[{"type":"summary_text","text":"%s"}],"content":null,"encrypted_content":null}`, i, prose(120))
		fmt.Fprintf(&b, `,{"type":"function_call","id":"fc_%d","name":"exec_command","arguments":"{\"cmd\":\"sed -n %d,%dp main.go\"}","call_id":"call_%d"}`, i, i, i+40, i)
		fmt.Fprintf(&b, `,{"type":"function_call_output","id":"fco_%d","call_id":"call_%d","output":"Chunk ID: %06x\nProcess exited with code 0\nOutput:\n%s"}`, i, i, i, code(1400))
		if i%5 == 4 {
			fmt.Fprintf(&b, `,{"type":"message","id":"msg_a%d","role":"assistant","content":[{"type":"output_text","text":"%s"}]}`, i, prose(200))
		}
	}
	b.WriteString(`],"tools":` + tools + `,"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"effort":"medium","summary":"auto"},"store":false,` +
		`"include":["reasoning.encrypted_content"],"prompt_cache_key":"01a20383-0000-7000-8000-000000000000","client_metadata":{"turn_id":"x"}}`)
	return b.String()
}

func toolsOfCodex() string {
	function := func(name string, params int) string {
		var p []string
		for i := range params {
			p = append(p, fmt.Sprintf(`"param_%d":{"type":"string","description":"%s"}`, i, prose(80)))
		}
		return `{"type":"function","name":"` + name + `","description":"` + prose(300) + `","strict":false,"parameters":{"type":"object","properties":{` +
			strings.Join(p, ",") + `},"required":["param_0"],"additionalProperties":false}}`
	}
	return `[` + function("exec_command", 10) + "," + function("write_stdin", 4) + "," + function("view_image", 1) +
		`,{"type":"custom","name":"apply_patch","description":"` + prose(200) + `","format":{"type":"grammar","syntax":"lark","definition":"start: begin change+ end\n"}}` +
		`,{"type":"namespace","name":"multi_agent_v1","description":"` + prose(60) + `","tools":[` + function("spawn_agent", 6) + "," + function("wait_agent", 2) + `]}` +
		`,{"type":"web_search","external_web_access":true}]`
}

// prose is n bytes of text, and code n bytes that need escapes.
func prose(n int) string { return repeated("The quick brown fox jumps over the lazy dog. ", n) }
func code(n int) string {
	return repeated(`\tif err != nil {\n\t\treturn fmt.Errorf(\"x: %w\", err)\n\t}\n`, n)
}

func repeated(s string, n int) string { return strings.Repeat(s, n/len(s)+1) }

func benchmarkRequest(b *testing.B, size int) {
	body := []byte(codexBody(size))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	ask := asBridge(b, body)
	for b.Loop() {
		ask()
	}
}

// asBridge returns what translates a request as the bridge does.
func asBridge(tb testing.TB, body []byte) func() {
	tools := &ToolCache{}
	return func() {
		req, err := DecodeRequest(body)
		if err != nil {
			tb.Fatal(err)
		}
		_, turn, err := req.Chat(Target{Stream: true, Tools: tools})
		if err != nil {
			tb.Fatal(err)
		}
		turn.Forget()
	}
}

func BenchmarkRequest77KB(b *testing.B) { benchmarkRequest(b, 77<<10) }
func BenchmarkRequest1MB(b *testing.B)  { benchmarkRequest(b, 1<<20) }
func BenchmarkRequest8MB(b *testing.B)  { benchmarkRequest(b, 8<<20) }
func BenchmarkRequest32MB(b *testing.B) { benchmarkRequest(b, 32<<20) }

const (
	textWire = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795355209,"model":"glm-5","choices":[{"index":0,"delta":{"content":" the next word\n"},"finish_reason":null}]}` + "\n\n"
	argsWire = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795355209,"model":"glm-5","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"a\\nb\\\"c"}}]},"finish_reason":null}]}` + "\n\n"
	callWire = `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","function":{"name":"exec_command","arguments":"{\"cmd\":\""}}]}}]}` + "\n\n"
	patchOne = `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","function":{"name":"apply_patch","arguments":"{\"input\":\""}}]}}]}` + "\n\n"
)

// steady returns what handles one more chunk in the middle of an answer.
func steady(tb testing.TB, request, first, next string) func() {
	s := newStream(tb, request, true)
	s.Begin()
	var dec SSEDecoder
	feed := func(wire []byte) {
		if err := dec.Feed(wire, s.Chunk); err != nil {
			tb.Fatal(err)
		}
		s.Take()
	}
	feed([]byte(first))
	wire := []byte(next)
	return func() { feed(wire) }
}

func benchmarkChunk(b *testing.B, first, next string) {
	feed := steady(b, declared, first, next)
	b.SetBytes(int64(len(next)))
	b.ReportAllocs()
	for b.Loop() {
		feed()
	}
}

func BenchmarkTextChunk(b *testing.B)        { benchmarkChunk(b, textWire, textWire) }
func BenchmarkArgumentsChunk(b *testing.B)   { benchmarkChunk(b, callWire, argsWire) }
func BenchmarkCustomInputChunk(b *testing.B) { benchmarkChunk(b, patchOne, argsWire) }

func BenchmarkCompletion(b *testing.B) {
	body := []byte(`{"model":"glm-5","choices":[{"message":{"role":"assistant","reasoning_content":"` + prose(2000) + `","content":"` + prose(4000) +
		`","tool_calls":[{"id":"a","function":{"name":"exec_command","arguments":"{\"cmd\":\"` + prose(500) + `\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":9}}`)
	_, turn := translated(b, declared, Target{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		s := turn.Stream(StreamOptions{})
		s.Begin()
		if err := s.Completion(body); err != nil {
			b.Fatal(err)
		}
		if err := s.End(); err != nil {
			b.Fatal(err)
		}
		s.Take()
	}
}

// BenchmarkChunkOfLargeRequest shows beside BenchmarkTextChunk that a chunk costs
// the same however large the request was.
func BenchmarkChunkOfLargeRequest(b *testing.B) {
	feed := steady(b, codexBody(4<<20), textWire, textWire)
	b.SetBytes(int64(len(textWire)))
	b.ReportAllocs()
	for b.Loop() {
		feed()
	}
}

// TestTextChunkAllocatesNothing: at thousands of chunks a second, garbage is what
// a translator's time would go into. What is kept of the answer grows by doubling,
// which AllocsPerRun rounds to nothing.
func TestTextChunkAllocatesNothing(t *testing.T) {
	for name, c := range map[string]struct{ first, next string }{
		"text":      {textWire, textWire},
		"arguments": {callWire, argsWire},
	} {
		if got := testing.AllocsPerRun(2000, steady(t, declared, c.first, c.next)); got != 0 {
			t.Errorf("%s: %v allocations a chunk", name, got)
		}
	}
}

// TestChunkCostDoesNotGrowWithRequest compares the same chunks in answers to a
// small and to a large request. Times are compared only with each other, and the
// best of several runs, because the machine does other things too.
func TestChunkCostDoesNotGrowWithRequest(t *testing.T) {
	small := steady(t, codexBody(10<<10), textWire, textWire)
	large := steady(t, codexBody(4<<20), textWire, textWire)
	if a, b := testing.AllocsPerRun(1000, small), testing.AllocsPerRun(1000, large); a != b {
		t.Errorf("%v allocations a chunk, %v after a large request", a, b)
	}
	best := func(feed func()) time.Duration {
		shortest := time.Hour
		for range 20 {
			began := time.Now()
			for range 200 {
				feed()
			}
			shortest = min(shortest, time.Since(began))
		}
		return shortest
	}
	if a, b := best(small), best(large); b > 4*a {
		t.Errorf("200 chunks take %v, %v after a large request", a, b)
	}
}

// The room for items is made for those that come, so that few are copied, and for not
// many more where what comes is not like what was before.
func TestRoomForItems(t *testing.T) {
	const tiny = 2000
	unlike := `{"model":"m","input":[` + strings.Repeat(`{},`, tiny) + `{"role":"user","content":"` + prose(8<<20) + `"}]}`
	for name, c := range map[string]struct {
		body string
		most float64 // for each item, what was copied included; the race detector makes it more
	}{"like": {codexBody(8 << 20), 3.5}, "unlike": {unlike, 6}} {
		body := []byte(c.body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		req, err := DecodeRequest(body)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		each := float64(after.TotalAlloc-before.TotalAlloc) / float64(unsafe.Sizeof(item{})) / float64(len(req.items))
		t.Logf("%s: room for %.2f items each, of %d", name, each, len(req.items))
		if len(req.items) < tiny || each > c.most {
			t.Errorf("%s: room for %.1f items is made for each of %d", name, each, len(req.items))
		}
	}
}

// TestRequestAllocations bounds the garbage of a request by its size.
func TestRequestAllocations(t *testing.T) {
	most := 1.0
	if raceDetector {
		most = 2
	}
	for _, size := range []int{77 << 10, 1 << 20} {
		body := []byte(codexBody(size))
		got := testing.AllocsPerRun(5, asBridge(t, body))
		perKB := got / float64(len(body)) * 1024
		t.Logf("%d bytes: %v allocations, %.2f a KB", len(body), got, perKB)
		if perKB > most {
			t.Errorf("%d bytes: %.2f allocations a KB", len(body), perKB)
		}
	}
}
