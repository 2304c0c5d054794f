package clawsim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The books tell of each request that it came, what was paid for it and whence its
// answer; a second stand-in goes on with them.
func TestBooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.jsonl")
	for range 2 {
		books, err := openBooks(path)
		if err != nil {
			t.Fatal(err)
		}
		_, url := serve(t, Options{Books: books, Clock: hurriedClock{}})
		for _, body := range []string{chatBody("a"), chatBody("a", m{"cache": false}), chatBody("a"), chatBody("[[503]]"), chatBody("[[402funds]]"), "no chat"} {
			post(t, url+"/v1/chat/completions", body)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	var order []string
	for line := range strings.Lines(string(text)) {
		var b BookedRequest
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			t.Fatal(err)
		}
		if seen[b.ID] == "" {
			order = append(order, b.ID)
		}
		switch {
		case b.Paid > 0:
			seen[b.ID] += " paid"
		case b.From != "":
			seen[b.ID] += fmt.Sprintf(" %s %d", b.From, b.Status)
		default:
			seen[b.ID] += b.Prompt + ":"
		}
	}
	want := []string{"a: paid gateway 200", "a: paid gateway 200", "a: cache 200", "[[503]]: paid paid gateway 503", "[[402funds]]: gateway 402", ": refused 502"}
	var got []string
	for _, id := range order {
		got = append(got, seen[id])
	}
	if diff := cmp.Diff(append(want, want...), got); diff != "" {
		t.Error(diff)
	}
}
