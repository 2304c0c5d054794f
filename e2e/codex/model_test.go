//go:build e2e

package codex

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// A pick in the menu bar, the panel or by command reaches the next request of a
// Codex that runs: here one that picks a model itself, in the midst of a turn.
func TestAPickReachesTheRunningCodex(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.model("use", "anthropic/claude-opus-5")
	command, err := json.Marshal(stage.Program() + " model use zai/glm-5.2")
	if err != nil {
		t.Fatal(err)
	}
	c.exec(fmt.Sprintf(`[[calls [{"id":"call_p","name":"exec_command","arguments":{"cmd":%s}}] then "Picked."]]`, command)).succeed()
	c.want("anthropic/claude-opus-5", "zai/glm-5.2")
}

func TestAPickReachesTheNextTurn(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	c.model("use", "anthropic/claude-opus-5")
	first := c.exec(`Greet me. [[say "Hello."]]`).succeed()
	c.model("use", "zai/glm-5.2")
	c.resume(first.session(), `Once more. [[say "Hello again."]]`).succeed()
	c.model("use", "--pin", "openai/gpt-5.6-sol")
	c.exec(`Greet me. [[say "Hello."]]`).succeed()
	c.want("anthropic/claude-opus-5", "zai/glm-5.2", "openai/gpt-5.6-sol")
}

// want compares the models that the gateway was asked for, in order.
func (c *codex) want(models ...string) {
	c.t.Helper()
	var asked []string
	for _, chat := range c.link.Chats(c.t) {
		asked = append(asked, chat.Model)
	}
	if !slices.Equal(asked, models) {
		c.t.Errorf("the gateway was asked for %q, want %q", asked, models)
	}
}

// model runs `clawrouter-codex model` beside the link that runs.
func (c *codex) model(args ...string) {
	c.t.Helper()
	stdout, stderr, exit := stage.Run(c.t, 30*time.Second, stage.Command{
		Path: stage.Program(), Args: append([]string{"model"}, args...), Env: c.link.Env(), Folder: c.work,
	})
	if exit != 0 {
		c.t.Fatalf("model %q ended with %d\n%s%s", args, exit, stdout, stderr)
	}
}
