//go:build e2e

package codex

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestOutputSchema(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	schema := filepath.Join(c.work, "schema.json")
	const text = `{"type":"object","properties":{"answer":{"type":"integer"}},"required":["answer"],"additionalProperties":false}`
	if err := os.WriteFile(schema, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	last := filepath.Join(c.work, "last.json")
	c.exec(`Two and two? [[say "{\"answer\":4}"]]`, "--output-schema", schema, "-o", last).succeed()

	var answer struct{ Answer int }
	if err := json.Unmarshal([]byte(c.read("last.json")), &answer); err != nil || answer.Answer != 4 {
		t.Errorf("codex wrote %q (%v)", c.read("last.json"), err)
	}
	chats := c.link.Chats(t)
	var format struct {
		Type   string
		Schema struct {
			Name   string
			Strict bool
			Schema struct{ Required []string }
		} `json:"json_schema"`
	}
	if err := json.Unmarshal(chats[0].ResponseFormat, &format); err != nil {
		t.Fatalf("response_format %s: %v", chats[0].ResponseFormat, err)
	}
	if format.Type != "json_schema" || !format.Schema.Strict || len(format.Schema.Schema.Required) != 1 {
		t.Errorf("the model was given the format %s", chats[0].ResponseFormat)
	}
}
