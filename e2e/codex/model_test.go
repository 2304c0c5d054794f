//go:build e2e

package codex

import (
	"slices"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// A pick in the menu bar, the panel or by command reaches the next turn of a
// session that runs; Codex is neither restarted nor told.
func TestAPickReachesTheNextTurn(t *testing.T) {
	c := newCodex(t)
	c.model("use", "anthropic/claude-opus-5")
	first := c.exec("Say hello.").succeed()
	c.model("use", "zai/glm-5.2")
	c.resume(first.session(), "Say it again.").succeed()
	c.model("use", "--pin", "openai/gpt-5.6-sol")
	c.exec("Say hello.").succeed()

	var asked []string
	for _, chat := range c.link.Chats(t) {
		asked = append(asked, chat.Model)
	}
	want := []string{"anthropic/claude-opus-5", "zai/glm-5.2", "openai/gpt-5.6-sol"}
	if !slices.Equal(asked, want) {
		t.Errorf("the gateway was asked for %q, want %q", asked, want)
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
