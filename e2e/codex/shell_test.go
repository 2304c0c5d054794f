//go:build e2e

package codex

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestTextAnswer(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(`What is two and two? [[say "The answer is four."]]`).succeed()
	if got := r.lastMessage(); got != "The answer is four." {
		t.Errorf("codex shows %q", got)
	}
	items := r.transcript()
	last := items[len(items)-1]
	if last.Type != "message" || last.Role != "assistant" || len(last.Content) != 1 || last.Content[0].Text != "The answer is four." {
		t.Errorf("the session ends with %+v", last)
	}
	// 0.140 writes no ids down.
	if !older() && !strings.HasPrefix(last.ID, "msg_") {
		t.Errorf("codex kept the id %q, want one that we gave", last.ID)
	}
	if usage := r.ofType("turn.completed")[0].Usage; usage.InputTokens == 0 || usage.OutputTokens == 0 {
		t.Errorf("codex counts %+v tokens", usage)
	}
	if chats := c.link.Chats(t); len(chats) != 1 {
		t.Errorf("%d calls reached the gateway, want 1", len(chats))
	}
}

func TestCommandWritesAFile(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(`[[calls [{"id":"call_w","name":"exec_command","arguments":{"cmd":"printf 'from codex\\n' > made.txt && echo written"}}] then "The file is there."]]`).succeed()

	if got := c.read("made.txt"); got != "from codex\n" {
		t.Errorf("made.txt holds %q", got)
	}
	commands := r.items("command_execution")
	if len(commands) != 1 || commands[0].Item.ExitCode == nil || *commands[0].Item.ExitCode != 0 {
		t.Fatalf("codex ran %+v", commands)
	}
	if got := r.lastMessage(); got != "The file is there." {
		t.Errorf("codex shows %q", got)
	}
	items := r.transcript()
	made := calls(items, "function_call", "exec_command")
	if len(made) != 1 {
		t.Fatalf("%d calls in the session, want 1", len(made))
	}
	if output := outputOf(t, items, made[0].CallID); !strings.Contains(output, "exited with code 0") || !strings.Contains(output, "written") {
		t.Errorf("the call was answered with %q", output)
	}
	chats := c.link.Chats(t)
	if len(chats) != 2 {
		t.Fatalf("%d calls reached the gateway, want 2", len(chats))
	}
	messages := chats[1].Messages
	if last := messages[len(messages)-1]; last.Role != "tool" || !strings.Contains(string(last.Content), "written") {
		t.Errorf("the model was last told %s: %s", last.Role, last.Content)
	}
}

// Each command waits for a file that the other one makes, so that both end
// only if Codex runs them at the same time.
func TestParallelCommands(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	wait := func(mine, other string) string {
		return "touch " + mine + "; for i in $(seq 90); do test -e " + other + " && echo " + mine + " met && exit 0; sleep 0.1; done; exit 9"
	}
	r := c.exec(`[[calls [` +
		`{"id":"call_a","name":"exec_command","arguments":{"cmd":"` + wait("a", "b") + `"}},` +
		`{"id":"call_b","name":"exec_command","arguments":{"cmd":"` + wait("b", "a") + `"}}` +
		`] then "Both met."]]`).succeed()

	commands := r.items("command_execution")
	if len(commands) != 2 {
		t.Fatalf("codex ran %d commands, want 2", len(commands))
	}
	for _, e := range commands {
		if e.Item.ExitCode == nil || *e.Item.ExitCode != 0 {
			t.Errorf("%s ended with %v: %s", e.Item.Command, e.Item.ExitCode, e.Item.AggregatedOutput)
		}
	}
	items := r.transcript()
	made := calls(items, "function_call", "exec_command")
	if len(made) != 2 || made[0].CallID == made[1].CallID {
		t.Fatalf("calls in the session: %+v", made)
	}
	for i, want := range []string{"a met", "b met"} {
		if output := outputOf(t, items, made[i].CallID); !strings.Contains(output, want) {
			t.Errorf("call %d was answered with %q", i, output)
		}
	}
	if got := r.lastMessage(); got != "Both met." {
		t.Errorf("codex shows %q", got)
	}
}

func TestFailingCommandIsTold(t *testing.T) {
	t.Parallel()
	c := newCodex(t)
	r := c.exec(`[[calls [{"name":"exec_command","arguments":{"cmd":"echo broken >&2; exit 3"}}] then "{report}"]]`).succeed()
	commands := r.items("command_execution")
	if len(commands) != 1 || commands[0].Item.ExitCode == nil || *commands[0].Item.ExitCode != 3 || commands[0].Item.Status != "failed" {
		t.Fatalf("codex ran %+v", commands)
	}
	// The stand-in reads the code from what the model was told.
	if got := r.lastMessage(); !strings.Contains(got, "exit code 3") || !strings.Contains(got, "broken") {
		t.Errorf("codex shows %q", got)
	}
}

func TestManyTurns(t *testing.T) {
	t.Parallel()
	turns := 5
	if n := os.Getenv("CODEX_TURNS"); n != "" {
		var err error
		if turns, err = strconv.Atoi(n); err != nil {
			t.Fatalf("CODEX_TURNS: %v", err)
		}
	}
	c := newCodex(t)
	for i := range turns {
		mark := "turn " + strconv.Itoa(i)
		r := c.exec(`[[calls [{"name":"exec_command","arguments":{"cmd":"echo ` + mark + ` >> turns.txt"}}] then "` + mark + ` is done."]]`).succeed()
		if got := r.lastMessage(); got != mark+" is done." {
			t.Fatalf("codex shows %q in %s", got, mark)
		}
	}
	if got := strings.Count(c.read("turns.txt"), "\n"); got != turns {
		t.Errorf("%d commands ran, want %d", got, turns)
	}
	if got := c.link.Record(t).Requests; got != 2*turns {
		t.Errorf("%d requests reached ClawRouter, want %d: two a turn", got, 2*turns)
	}
}
