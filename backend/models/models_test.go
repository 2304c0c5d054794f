package models

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// liveList is a ClawRouter's GET /v1/models: ids, aliases and a few that do not
// belong in a coding picker.
func liveList(t *testing.T) []string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "live.json"))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := ParseIDs(body)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func names(list []Model) []string {
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	return ids
}

func TestSelect(t *testing.T) {
	table := Snapshot()
	live := table.Join(liveList(t))
	tests := []struct {
		name string
		want Selection
		ids  []string
	}{
		{
			"by default: auto, two newest of each family, flagships first, free last",
			Selection{},
			[]string{
				"blockrun/auto",
				"anthropic/claude-fable-5", "anthropic/claude-opus-5",
				"openai/gpt-5.6-terra", "openai/gpt-5.6-sol",
				"deepseek/deepseek-v4-pro", "deepseek/deepseek-chat",
				"moonshot/kimi-k3", "moonshot/kimi-k2.7",
				"xai/grok-4.5", "xai/grok-4.3",
				"tencent/hy3",
				"free/glm-4.7", "free/gpt-oss-120b",
			},
		},
		{
			"one of each, without two families and an alias",
			Selection{PerFamily: 1, DropFamilies: []string{"OpenAI", "free"}, DropModels: []string{"fable"}},
			[]string{"blockrun/auto", "anthropic/claude-opus-5", "deepseek/deepseek-v4-pro", "moonshot/kimi-k3", "xai/grok-4.5", "tencent/hy3"},
		},
		{
			"more of one family, without what is about to be withdrawn",
			Selection{PerFamily: 9, DropFamilies: []string{"anthropic", "deepseek", "moonshot", "xai", "tencent", "free"}},
			[]string{"blockrun/auto", "openai/gpt-5.6-terra", "openai/gpt-5.6-sol", "openai/gpt-5.6-luna", "openai/gpt-5.5", "openai/o1"},
		},
		{
			"auto stays when its family is dropped",
			Selection{PerFamily: 1, DropFamilies: []string{"blockrun", "anthropic", "openai", "deepseek", "moonshot", "xai", "tencent", "free"}},
			[]string{"blockrun/auto"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.ids, names(table.Select(live, tt.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamesThatLeaveOutNothing(t *testing.T) {
	table := Snapshot()
	families, ids := table.Unmatched(table.Join(liveList(t)), Selection{
		DropFamilies: []string{"OpenAI", "goggle", "free"}, DropModels: []string{"fable", "kimmi", "openai/o1"},
	})
	if diff := cmp.Diff([][]string{{"goggle"}, {"kimmi"}}, [][]string{families, ids}); diff != "" {
		t.Error(diff)
	}
}

func TestSelectAll(t *testing.T) {
	table := Snapshot()
	got := names(table.Select(table.Join(liveList(t)), Selection{All: true}))
	if diff := cmp.Diff([]string{"blockrun/auto", "blockrun/premium", "blockrun/eco"}, got[:3]); diff != "" {
		t.Error(diff)
	}
	for _, id := range got[3:] {
		if !strings.Contains(id, "/") || media(id) || Family(id) == "nvidia" {
			t.Errorf("%s cannot hold a coding turn", id)
		}
	}
	for _, deprecated := range []string{"openai/gpt-5-nano"} {
		if !strings.Contains(strings.Join(got, " "), deprecated) {
			t.Errorf("--all leaves out %s", deprecated)
		}
	}
}

func TestNewestIsADecimal(t *testing.T) {
	tests := []struct {
		m    Model
		want float64
	}{
		{Model{ID: "xai/grok-4.20-reasoning", Version: "4.20"}, 4.2},
		{Model{ID: "moonshot/kimi-k2.7", Version: "k2.7"}, 2.7},
		{Model{ID: "deepseek/deepseek-v4-pro", Version: "4-pro"}, 4},
		{Model{ID: "zai/glm-6.1-air"}, 6.1},
		{Model{ID: "free/gpt-oss-120b", Version: "120b"}, 0},
		{Model{ID: "free/nemotron-30b-v2", Version: "30b-v2"}, 2},
		{Model{ID: "openai/chat-latest"}, 0},
		{Model{ID: "x/y-3.", Version: "3."}, 3},
	}
	for _, tt := range tests {
		if got := version(tt.m); got != tt.want {
			t.Errorf("%s %q is version %v, want %v", tt.m.ID, tt.m.Version, got, tt.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		m    Model
		want string
	}{
		{Model{ID: "a/b", In: 3, Out: 15, Window: 200_000, Vision: true}, "$3 in / $15 out per 1M · 200k context · vision"},
		{Model{ID: "a/b", In: 0.435, Out: 0.87, Window: 1_048_576}, "$0.435 in / $0.87 out per 1M · 1.04M context"},
		{Model{ID: "blockrun/auto", Window: 1_050_000}, "costs what it routes to · 1.05M context"},
		{Model{ID: "free/x", Window: 131_072}, "free · 131k context"},
		{Model{ID: "a/new"}, "price not known"},
		{Model{ID: "a/old", In: 1, Out: 2, Window: 128_000, Deprecated: true}, "$1 in / $2 out per 1M · 128k context · about to be withdrawn"},
	}
	for _, tt := range tests {
		if got := tt.m.Describe(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.m.ID, got, tt.want)
		}
	}
}

func TestOnlyFreeIsFree(t *testing.T) {
	for id, want := range map[string]bool{
		"free/gpt-oss-120b": true, "blockrun/auto": false, "auto": false, "free": false, "anthropic/free-claude": false,
	} {
		if Free(id) != want {
			t.Errorf("Free(%q) is %v", id, !want)
		}
	}
}

func TestLookup(t *testing.T) {
	table := Snapshot()
	for name, want := range map[string]string{
		"anthropic/claude-opus-5": "anthropic/claude-opus-5", "BlockRun/Auto": "auto", "router": "auto",
		" sonnet ": "anthropic/claude-sonnet-4.6", "blockrun/openai/gpt-5.5": "openai/gpt-5.5",
	} {
		if m, ok := table.Lookup(name); !ok || m.ID != want {
			t.Errorf("Lookup(%q) is %q, %v", name, m.ID, ok)
		}
	}
	for _, name := range []string{"codex-auto-review", "", "gpt-99"} {
		if m, ok := table.Lookup(name); ok {
			t.Errorf("Lookup(%q) finds %q", name, m.ID)
		}
	}
	if !table.Alias("Sonnet") || table.Alias("openai/gpt-5.5") {
		t.Error("an alias is a name that is not a model's own")
	}
}

// The snapshot is data that others compute with: prices, windows, names.
func TestSnapshotIsComplete(t *testing.T) {
	table := Snapshot()
	seen := map[string]bool{}
	for _, m := range table.Models {
		if m.Name == "" || m.Window <= 0 || m.Output <= 0 || m.In < 0 || m.Out < 0 || seen[m.ID] {
			t.Errorf("%+v", m)
		}
		seen[m.ID] = true
		if paid := !Free(m.ID) && RoutingProfile(m.ID) == "" && m.ID != "free"; paid && m.Out == 0 {
			t.Errorf("%s is paid and has no price", m.ID)
		}
	}
	for _, id := range table.Picker {
		if !seen[id] {
			t.Errorf("the picker shows %s, which is no model", id)
		}
	}
	if len(table.Models) < 90 || len(table.Aliases) < 200 {
		t.Errorf("%d models, %d aliases", len(table.Models), len(table.Aliases))
	}
}

func TestUpdateFromThePublicList(t *testing.T) {
	body := []byte(`{"data":[
		{"id":"anthropic/claude-opus-5","name":"Claude Opus 5","context_window":900000,"max_output":64000,"pricing":{"input":"4.5","output":22},"categories":["chat"]},
		{"id":"anthropic/claude-opus-6","name":"Claude Opus 6","context_window":2000000,"pricing":{"input":5,"output":25},"categories":["chat","vision","reasoning"]},
		{"id":"openai/gpt-image-3","name":"GPT Image 3","pricing":{"per_image":0.04},"categories":["image"]},
		{"id":"openai/gpt-5.5","name":"","categories":["chat"]}
	]}`)
	before, _ := Snapshot().Lookup("anthropic/claude-opus-5")
	table, err := Snapshot().Update(body)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := table.Lookup("anthropic/claude-opus-5")
	want := before
	want.Window, want.Output, want.In, want.Out = 900_000, 64_000, 4.5, 22
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a model that changed: %s", diff)
	}
	if fresh, _ := table.Lookup("anthropic/claude-opus-6"); !fresh.Vision || !fresh.Reasoning || fresh.Window != 2_000_000 || fresh.Out != 25 {
		t.Errorf("a new model: %+v", fresh)
	}
	if m, ok := table.Lookup("openai/gpt-image-3"); ok {
		t.Errorf("a media model: %+v", m)
	}
	if unchanged, _ := table.Lookup("openai/gpt-5.5"); unchanged.Name != "GPT-5.5" || unchanged.Out != 30 {
		t.Errorf("an entry that tells nothing: %+v", unchanged)
	}
	if after, _ := Snapshot().Lookup("anthropic/claude-opus-5"); after != before {
		t.Error("the snapshot itself was changed")
	}
}

func TestBadLists(t *testing.T) {
	for name, body := range map[string]string{
		"not JSON": "<html>", "no models": `{"data":[]}`, "another shape": `{"models":[{"name":"x"}]}`, "a string": `"x"`,
	} {
		if ids, err := ParseIDs([]byte(body)); err == nil {
			t.Errorf("%s: ids %v", name, ids)
		}
		if _, err := Snapshot().Update([]byte(body)); err == nil {
			t.Errorf("%s: taken for the public list", name)
		}
	}
}

func TestJoinUnknown(t *testing.T) {
	got := Snapshot().Join([]string{"sonnet", "zai/glm-6_air", "nvidia/kimi-k2.5", "google/nano-banana-2", "zai/glm-6_air", "google/veo-4"})
	want := []Model{{ID: "zai/glm-6_air", Name: "Glm 6 Air"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestForeignServersKeepTheirNames(t *testing.T) {
	got := Foreign([]string{"qwen3-coder:30b", "nomic-embed-text", "text-embedding-3-small", "whisper-1"})
	want := []Model{{ID: "qwen3-coder:30b", Name: "qwen3-coder:30b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
