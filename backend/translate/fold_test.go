package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// session is a request of n finished steps, of one call each.
func session(n int) string {
	items := []string{`{"role":"developer","content":"rules"}`, `{"role":"user","content":"THE TASK"}`}
	for i := range n {
		items = append(items,
			fmt.Sprintf(`{"type":"function_call","name":"exec","call_id":"c%d","arguments":"{\"cmd\":\"step %04d\"}"}`, i, i),
			fmt.Sprintf(`{"type":"function_call_output","call_id":"c%d","output":"result\t%04d"}`, i, i))
	}
	return `{"model":"blockrun/auto","input":[` + strings.Join(items, ",") + `]}`
}

type foldedMessage struct {
	Role    string
	Content any
}

func foldedMessages(t *testing.T, body string) (messages []foldedMessage, whole string) {
	t.Helper()
	req, err := DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := req.Chat(Target{ClawRouter: true})
	if err != nil {
		t.Fatal(err)
	}
	var chat struct{ Messages []foldedMessage }
	if err := json.Unmarshal(out, &chat); err != nil {
		t.Fatal(err)
	}
	return chat.Messages, string(out)
}

func TestLongHistoriesAreFolded(t *testing.T) {
	for _, steps := range []int{10, 89, 90, 200, 1000} {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			messages, all := foldedMessages(t, session(steps))
			if len(messages) > maxMessages {
				t.Fatalf("%d messages", len(messages))
			}
			if !strings.Contains(fmt.Sprint(messages[1].Content), "THE TASK") {
				t.Errorf("the task is gone: %v", messages[1])
			}
			for i := range steps {
				for _, want := range []string{fmt.Sprintf("step %04d", i), fmt.Sprintf(`result\t%04d`, i)} {
					if !strings.Contains(all, want) {
						t.Fatalf("%q is lost", want)
					}
				}
			}
		})
	}
}

// Provider caches hit on equal beginnings: while a session grows, what was folded
// stays as it is, and a new fold comes only once in many turns.
func TestFoldsAreStable(t *testing.T) {
	var before []foldedMessage
	changes := 0
	for steps := 85; steps < 300; steps++ {
		now, _ := foldedMessages(t, session(steps))
		for i := range min(len(before), len(now)) {
			a, _ := json.Marshal(before[i])
			b, _ := json.Marshal(now[i])
			if string(a) != string(b) {
				changes++
				break
			}
		}
		before = now
	}
	if changes > 8 {
		t.Errorf("the beginning changed %d times in 215 turns", changes)
	}
}

func TestFoldIsOnlyForClawRouter(t *testing.T) {
	req, err := DecodeRequest([]byte(session(300)))
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := req.Chat(Target{})
	if err != nil {
		t.Fatal(err)
	}
	var chat struct{ Messages []json.RawMessage }
	if err := json.Unmarshal(out, &chat); err != nil || len(chat.Messages) != 602 {
		t.Errorf("%d messages, %v", len(chat.Messages), err)
	}
}

// TestFoldsTellEverything: what the user said in between, and what the model said
// beside its calls, is in the fold word for word.
func TestFoldsTellEverything(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"model":"m","input":[{"role":"user","content":"the task"}`)
	for i := range 80 {
		fmt.Fprintf(&b, `,{"role":"assistant","content":"I say %d."},{"type":"function_call","call_id":"c%d","name":"f","arguments":"{\"n\":%d}"},{"type":"function_call_output","call_id":"c%d","output":"got %d."},{"role":"user","content":"and then %d."}`, i, i, i, i, i, i)
	}
	b.WriteString(`]}`)
	chat, _ := translated(t, b.String(), Target{ClawRouter: true})
	if err := checkChat(chat); err != nil {
		t.Fatal(err)
	}
	var req chatRequest
	if err := json.Unmarshal(chat, &req); err != nil {
		t.Fatal(err)
	}
	if n := len(req.Messages); n > maxMessages {
		t.Errorf("%d messages", n)
	}
	for i := range 80 {
		for _, said := range []string{fmt.Sprintf("I say %d.", i), fmt.Sprintf(`{\"n\":%d}`, i), fmt.Sprintf("got %d.", i), fmt.Sprintf("and then %d.", i)} {
			if n := bytes.Count(chat, []byte(said)); n != 1 {
				t.Errorf("%q is there %d times", said, n)
			}
		}
	}
	if !bytes.Contains(chat, []byte("[The user said:]")) || !bytes.Contains(chat, []byte("[You said:]")) {
		t.Error("a fold does not tell who said what")
	}
}

// TestOneStepThatNeverEndsIsNotFolded: a call and its output stay together, and what
// goes on stays as it is, however many there are.
func TestOneStepThatNeverEndsIsNotFolded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"model":"m","input":[{"role":"user","content":"the task"}`)
	for i := range 190 {
		fmt.Fprintf(&b, `,{"type":"function_call","call_id":"c%d","name":"f","arguments":"{}"}`, i)
	}
	b.WriteString(`]}`)
	chat, _ := translated(t, b.String(), Target{ClawRouter: true})
	if err := checkChat(chat); err != nil || bytes.Contains(chat, []byte("A record of earlier steps")) {
		t.Errorf("%v in %.300s", err, chat)
	}
}
