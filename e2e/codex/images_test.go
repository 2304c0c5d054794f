//go:build e2e

package codex

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

const (
	seeingModel = "openai/gpt-5.6-terra"
	blindModel  = "zai/glm-5.2"
	// redSquare is a PNG of 8 by 8 red dots.
	redSquare = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC"
)

func (c *codex) writePicture(name string) string {
	c.t.Helper()
	data, err := base64.StdEncoding.DecodeString(redSquare)
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.work, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// pictures counts the images in a request to the gateway, by role.
func pictures(chat stage.Chat) map[string]int {
	found := map[string]int{}
	for _, m := range chat.Messages {
		if n := strings.Count(string(m.Content), "data:image/png;base64,"); n > 0 {
			found[m.Role] += n
		}
	}
	return found
}

func TestPictureFromTheUser(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	path := c.writePicture("red.png")
	c.exec(`What is this? [[say "A red square."]]`, "-m", seeingModel, "-i", path).succeed()
	chats := c.link.Chats(t)
	if len(chats) != 1 {
		t.Fatalf("%d calls reached the gateway, want 1", len(chats))
	}
	if got := pictures(chats[0]); got["user"] != 1 {
		t.Errorf("pictures that reached the model: %v", got)
	}
}

// The picture of a tool comes right after the results, as a user message: no
// provider takes one inside a result.
func TestViewImage(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	path := c.writePicture("red.png")
	prompt := callsMarker("A red square.", []scripted{{Name: "view_image", Arguments: map[string]any{"path": path}}})
	r := c.exec(prompt, "-m", seeingModel).succeed()
	if got := r.lastMessage(); got != "A red square." {
		t.Errorf("codex shows %q", got)
	}
	items := r.transcript()
	made := calls(items, "function_call", "view_image")
	if len(made) != 1 || !strings.Contains(outputOf(t, items, made[0].CallID), "data:image/png;base64,") {
		t.Errorf("codex did not show the picture: %+v", made)
	}
	chats := c.link.Chats(t)
	if len(chats) != 2 {
		t.Fatalf("%d calls reached the gateway, want 2", len(chats))
	}
	if got := pictures(chats[1]); got["user"] != 1 || len(got) != 1 {
		t.Errorf("pictures that reached the model: %v", got)
	}
	if last := chats[1].Messages[len(chats[1].Messages)-1]; last.Role != "user" {
		t.Errorf("the last message is %s's, want the user's with the picture", last.Role)
	}
}

func TestPictureFromAnMCPServer(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	prompt := callsMarker("Seen.", []scripted{{Name: "mcp__notes__picture", Arguments: map[string]any{}}})
	c.exec(prompt, append(mcpFlags(t), "-m", seeingModel)...).succeed()
	chats := c.link.Chats(t)
	if got := pictures(chats[len(chats)-1]); got["user"] != 1 || len(got) != 1 {
		t.Errorf("pictures that reached the model: %v", got)
	}
}

// A model that cannot see gets words, and the session goes on.
func TestPictureForABlindModel(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	path := c.writePicture("red.png")
	r := c.exec(`What is this? [[say "I cannot see it."]]`, "-m", blindModel, "-i", path).succeed()
	if got := r.lastMessage(); got != "I cannot see it." {
		t.Errorf("codex shows %q", got)
	}
	for _, chat := range c.link.Chats(t) {
		if got := pictures(chat); len(got) > 0 {
			t.Errorf("a picture reached a model that cannot see: %v", got)
		}
	}
}
