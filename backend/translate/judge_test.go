package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3/packages/respjson"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
)

// TestOpenAIClientAcceptsEveryAnswer lets OpenAI's own Go client read what the
// bridge writes: its event stream decoder, its types, with every field that they
// call required present and of the right kind, and its accumulator.
func TestOpenAIClientAcceptsEveryAnswer(t *testing.T) {
	answers := map[string][]byte{}
	for _, sc := range scripts(t) {
		answers[sc.name] = sc.play(t)
	}
	for _, r := range recordings(t) {
		answers["recorded-"+r.name] = r.play(t)
	}
	for name, out := range answers {
		t.Run(name, func(t *testing.T) {
			data := clientDecode(t, out)
			for _, d := range data {
				checkClientEvent(t, d)
			}
			checkAccumulated(t, data)
		})
	}
}

// clientDecode reads the stream with the client's decoder.
func clientDecode(t *testing.T, out []byte) (data [][]byte) {
	t.Helper()
	dec := ssestream.NewDecoder(&http.Response{
		Header: http.Header{"Content-Type": {"text/event-stream"}},
		Body:   io.NopCloser(bytes.NewReader(out)),
	})
	for dec.Next() {
		data = append(data, bytes.TrimSpace(bytes.Clone(dec.Event().Data)))
	}
	if err := dec.Err(); err != nil {
		t.Fatal(err)
	}
	if len(data) < 3 {
		t.Fatalf("only %d events", len(data))
	}
	return data
}

func checkClientEvent(t *testing.T, data []byte) {
	t.Helper()
	var e responses.ResponseStreamEventUnion
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	variant := e.AsAny()
	if variant == nil {
		t.Fatalf("the client knows no event %q", e.Type)
	}
	for _, complaint := range complaints(reflect.ValueOf(variant), e.Type) {
		t.Error(complaint)
	}
}

// sentAsNull are fields that OpenAI sends as null although its types do not say so.
var sentAsNull = []string{
	"Response.Error", "Response.IncompleteDetails", "Response.Instructions", "Response.AccessPrograms",
	"Response.Usage", "Response.User",
}

// complaints walks a value of the client's types and tells what its own metadata
// say is missing, null or of another kind than declared.
func complaints(v reflect.Value, path string) (found []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return complaints(v.Elem(), path)
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, complaints(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
		return found
	case reflect.Struct:
	default:
		return nil
	}
	if union := v.MethodByName("AsAny"); union.IsValid() {
		variant := union.Call(nil)[0]
		if variant.IsNil() {
			return []string{path + ": the client knows no such variant"}
		}
		return complaints(variant, path)
	}
	meta := v.FieldByName("JSON")
	if !meta.IsValid() {
		return nil
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		field := meta.FieldByName(f.Name)
		if f.Name == "JSON" || !field.IsValid() {
			continue
		}
		at, meta := path+"."+f.Tag.Get("json"), field.Interface().(respjson.Field)
		if c := fieldComplaint(v.Type(), f, meta); c != "" {
			found = append(found, at+": "+c)
		}
		if !meta.Valid() {
			continue // nothing to walk
		}
		found = append(found, complaints(v.Field(i), at)...)
	}
	return found
}

func fieldComplaint(owner reflect.Type, f reflect.StructField, meta respjson.Field) string {
	api, isConstant := f.Tag.Get("api"), f.Tag.Get("default") != ""
	required := api == "required" || isConstant
	switch raw := meta.Raw(); {
	case raw == respjson.Omitted && required:
		return "missing"
	case raw == respjson.Omitted:
		return ""
	case raw == respjson.Null && (api == "nullable" || slices.Contains(sentAsNull, owner.Name()+"."+f.Name)):
		return ""
	case !meta.Valid():
		return "not valid: " + raw
	case !kindFits(f.Type, raw):
		return f.Type.String() + " as " + raw
	case isConstant && raw != `"`+f.Tag.Get("default")+`"`:
		return "must be " + f.Tag.Get("default") + ", is " + raw
	}
	return ""
}

// kindFits is stricter than the client, which turns numbers into strings and back.
func kindFits(typ reflect.Type, raw string) bool {
	switch typ.Kind() {
	case reflect.String:
		return raw[0] == '"'
	case reflect.Bool:
		return raw == "true" || raw == "false"
	case reflect.Int64:
		return strings.Trim(raw, "-0123456789") == ""
	case reflect.Float64:
		return strings.Trim(raw, "-+.eE0123456789") == ""
	case reflect.Slice:
		return raw[0] == '['
	case reflect.Map:
		return raw[0] == '{'
	}
	return true
}

// checkAccumulated compares what the deltas add up to in the client's accumulator
// with what it takes from the last event. It sees no event that repeats a whole
// text, so nothing but the deltas can have made it.
func checkAccumulated(t *testing.T, data [][]byte) {
	t.Helper()
	var fromDeltas, fromLast responses.ResponseAccumulator
	finished := map[int64]bool{}
	for i, d := range data {
		var e responses.ResponsesServerEventUnion
		if err := json.Unmarshal(d, &e); err != nil {
			t.Fatalf("%v in %s", err, d)
		}
		switch {
		case e.Type == evItemDone:
			finished[e.OfResponsesServerEventResponseOutputItemWsDone.OutputIndex] = true
		case i == len(data)-1:
			if err := fromLast.AddEvent(e); err != nil {
				t.Fatalf("the accumulator refuses %s: %v", d, err)
			}
		case !strings.HasSuffix(e.Type, ".done"):
			if err := fromDeltas.AddEvent(e); err != nil {
				t.Fatalf("the accumulator refuses %s: %v", d, err)
			}
		}
	}
	var want []responses.ResponseAccumulatedOutput
	for _, item := range fromDeltas.Snapshot().Output {
		if finished[item.OutputIndex] { // the last event holds no other
			item.OutputIndex = int64(len(want))
			want = append(want, item)
		}
	}
	got := fromLast.Snapshot()
	if diff := cmp.Diff(want, got.Output); diff != "" {
		t.Errorf("the last event holds something else than the deltas add up to (-deltas +last):\n%s", diff)
	}
	if got.TerminalEvent == "" {
		t.Error("the accumulator saw no end")
	}
}
