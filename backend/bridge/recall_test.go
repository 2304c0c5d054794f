package bridge_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A client that names the items of an answer instead of sending them is understood,
// unless it is Codex, of which nothing is kept.
func TestItemsCanBeNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"another client", nil, http.StatusOK},
		{"Codex", codexHeaders, http.StatusBadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []string
			u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked = append(asked, string(body))
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, saidHello)
			})
			url := bridgeFor(t, u)
			id := firstMessageID(t, post(t, t.Context(), url, threadTurn, c.header...))
			named := strings.Replace(threadTurn, `"hi"}`, `"hi"},{"type":"item_reference","id":"`+id+`"},{"role":"user","content":"again"}`, 1)
			resp := post(t, t.Context(), url, named, c.header...)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d", resp.StatusCode)
			}
			if c.status == http.StatusOK {
				io.Copy(io.Discard, resp.Body)
				if len(asked) != 2 || !strings.Contains(asked[1], `{"role":"assistant","content":"Hello"}`) {
					t.Errorf("asked %q", asked)
				}
				return
			}
			var e struct {
				Error struct{ Code, Param, Message string }
			}
			if err := json.NewDecoder(resp.Body).Decode(&e); err != nil || e.Error.Code != "item_not_found" || !strings.Contains(e.Error.Message, "store set to false") {
				t.Errorf("%+v (%v)", e, err)
			}
		})
	}
}
