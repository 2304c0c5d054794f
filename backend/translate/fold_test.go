package translate

import (
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
