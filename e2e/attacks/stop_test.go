//go:build e2e

package attacks

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestTurnsInFlightMayEnd: a turn that ends within ten seconds of the order to stop
// has its answer, one that does not is told why; either way the program ends well
// and the ledger has what was asked.
func TestTurnsInFlightMayEnd(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			link := stage.StartLink(t)
			answers := map[string]chan string{"[[slow 3]]": make(chan string, 1), "[[slow 60]]": make(chan string, 1)}
			for marker, answer := range answers {
				body := strings.Replace(turn, "spend", marker, 1)
				text := request(link.Port, "POST /v1/responses HTTP/1.1", "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)), "Connection: close") + "\r\n" + body
				go func() {
					_, _, got := exchange(t, fmt.Sprintf("127.0.0.1:%d", link.Port), text)
					answer <- got
				}()
			}
			if err := stage.Eventually(t.Context(), func() error {
				if n := link.Record(t).Requests; n < 2 {
					return fmt.Errorf("%d requests under way", n)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			link.Bridge.Signal(signal)
			if got := <-answers["[[slow 3]]"]; !strings.Contains(got, "response.completed") {
				t.Errorf("the turn that had the time: %s", got)
			}
			if got := <-answers["[[slow 60]]"]; !strings.Contains(got, "response.failed") || !strings.Contains(got, "clawrouter-codex was stopped") {
				t.Errorf("the turn that had not: %s", got)
			}
			if code, err := link.Bridge.ExitCode(20 * time.Second); code != 0 || err != nil {
				t.Errorf("ended with %d, %v\n%s", code, err, link.Bridge.Output())
			}
		})
	}
}
