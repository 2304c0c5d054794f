package translate

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An item of an earlier answer that is only named stands in the history as if it had
// been sent.
func TestNamedItems(t *testing.T) {
	s := newStream(t, declared, false)
	buffered(s, []byte(`{"choices":[{"message":{"reasoning_content":"Hm.","content":"I look.","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`))
	kept := map[string][]byte{}
	var named, whole []string
	s.Items(func(id string, item []byte) {
		kept[id] = append([]byte(nil), item...)
		named, whole = append(named, `{"type":"item_reference","id":"`+id+`"}`), append(whole, string(item))
	})
	if len(kept) != 3 {
		t.Fatalf("%d items", len(kept))
	}
	request := func(items []string) string {
		return `{"model":"m","input":[{"role":"user","content":"a"},` + strings.Join(items, ",") + `,{"type":"function_call_output","call_id":"a","output":"b"}]}`
	}
	req, err := DecodeRequest([]byte(request(named)))
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Resolve(func(id string) []byte { return kept[id] }); err != nil {
		t.Fatal(err)
	}
	got, _, err := req.Chat(Target{})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := translated(t, request(whole), Target{})
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := DecodeRequest([]byte(request(named)))
	if err != nil {
		t.Fatal(err)
	}
	var refused *RequestError
	if err := again.Resolve(func(string) []byte { return nil }); !errors.As(err, &refused) || refused.Param != "input[1].id" || refused.Code != "item_not_found" {
		t.Errorf("an item that is gone: %+v", err)
	}
}
