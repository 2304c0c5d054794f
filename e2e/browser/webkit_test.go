//go:build e2e

package browser

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	_ "image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BlockRunAI/clawrouter-codex/e2e/stage"
)

// TestWebKit is a smoke test in the engine of the panel's window: the page draws
// what the link says, and its switch moves Codex.
func TestWebKit(t *testing.T) {
	link := stage.StartLink(t)
	stdout, stderr, exit := stage.Run(t, time.Minute, stage.Command{
		Path: stage.Program(), Args: []string{"panel", "--print"}, Env: link.Env(), Folder: link.Folder,
	})
	if exit != 0 {
		t.Fatalf("panel --print ended with %d\n%s", exit, stderr)
	}
	w := startWebKit(t, link.Folder)
	w.call("POST", "/url", map[string]string{"url": strings.TrimSpace(stdout)}, nil)
	w.await("document.body.innerText", "$12.34")
	w.await("document.body.innerText", "healthy")
	w.run("document.querySelector('input[value=clawrouter]').click()", nil)
	w.await("document.body.innerText", "Codex runs on ClawRouter.")
	config, err := os.ReadFile(filepath.Join(link.CodexHome, "config.toml"))
	if err != nil || !bytes.Contains(config, fmt.Appendf(nil, ":%d/v1", link.Port)) {
		t.Errorf("config.toml: %v\n%s", err, config)
	}
	var over int
	w.run("return document.documentElement.scrollWidth - innerWidth", &over)
	if over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	var shot string
	w.call("GET", "/screenshot", nil, &shot)
	if n := colours(t, shot); n < 16 {
		t.Errorf("the picture has %d colours: it is blank", n)
	}
}

// webkit is a session of MiniBrowser, driven by WebDriver.
type webkit struct {
	t    *testing.T
	base string
}

func startWebKit(t *testing.T, folder string) *webkit {
	t.Helper()
	browsers, err := filepath.Glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")
	if err != nil || len(browsers) == 0 {
		t.Fatal("MiniBrowser is not installed: e2e/install.sh system")
	}
	port := stage.FreePort(t)
	stage.Start(t, stage.Command{
		Path: "/usr/bin/xvfb-run", Args: []string{"-a", "-s", "-screen 0 1024x768x24", "WebKitWebDriver", fmt.Sprintf("--port=%d", port)},
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(folder, "home"), "LANG=C.UTF-8", "NO_AT_BRIDGE=1",
			"WEBKIT_DISABLE_COMPOSITING_MODE=1", "LIBGL_ALWAYS_SOFTWARE=1", "GDK_BACKEND=x11",
		},
		Folder: folder,
	})
	w := &webkit{t: t, base: fmt.Sprintf("http://127.0.0.1:%d", port)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = stage.Eventually(ctx, func() error {
		response, err := http.Get(w.base + "/status")
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]any{"binary": browsers[0], "args": []string{"--automation"}}
	var session struct {
		SessionID string `json:"sessionId"`
	}
	w.call("POST", "/session", map[string]any{"capabilities": map[string]any{
		"alwaysMatch": map[string]any{"webkitgtk:browserOptions": options},
	}}, &session)
	w.base += "/session/" + session.SessionID
	t.Cleanup(func() { w.call("DELETE", "", nil, nil) })
	return w
}

// call is one command of WebDriver; its value goes into out.
func (w *webkit) call(method, path string, in, out any) {
	w.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	if in == nil {
		body = nil
	}
	// Not the test's context, which has ended when the session is closed.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, w.base+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s: %s %v %s", method, path, response.Status, err, answer.Value)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer.Value, out); err != nil {
		w.t.Fatal(err)
	}
}

func (w *webkit) run(script string, out any) {
	w.t.Helper()
	w.call("POST", "/execute/sync", map[string]any{"script": script, "args": []any{}}, out)
}

// await waits until an expression of the page has words in it.
func (w *webkit) await(expression, words string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	err := stage.Eventually(ctx, func() error {
		var text string
		w.run("return String("+expression+")", &text)
		if strings.Contains(text, words) {
			return nil
		}
		return fmt.Errorf("%q is not in %q", words, text)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// colours counts those of a picture, at most 16.
func colours(t *testing.T, base64PNG string) int {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(base64PNG)
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X && len(seen) < 16; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
