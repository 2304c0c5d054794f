package doctor

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/BlockRunAI/clawrouter-codex/backend/proxy"
	"github.com/BlockRunAI/clawrouter-codex/backend/tomledit"
)

// gone is a file that is not there, by an absolute path of this system.
var gone, _ = filepath.Abs("/gone.json")

func health(extra string) http.HandlerFunc {
	return says(`{"status":"ok","wallet":"` + payerAddress + `","paymentChain":"base"` + extra + `}`)
}

type lineTest struct {
	name   string
	id     string
	change func(*world)
	want   string
}

func checkLines(t *testing.T, tests []lineTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.id+"/"+tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.change(w)
			if diff := cmp.Diff(tt.want, w.line(tt.id)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBridgeLine(t *testing.T) {
	const otherPort = " → stop that program, or choose another port: clawrouter-codex up --port 8413"
	checkLines(t, []lineTest{
		{"down", "bridge", (*world).down, "fail: does not run: nothing listens on port 8403 → clawrouter-codex up"},
		{"port taken", "bridge", func(w *world) { w.running = false; w.foreign(8403, http.NotFound) },
			"fail: does not run: port 8403 is in use by nginx (pid 9, user www)" + otherPort},
		{"port taken by a silent program", "bridge", func(w *world) { w.running = false; w.foreign(8403, nil); delete(w.servers, bridgeV4) },
			"fail: does not run: port 8403 is in use by nginx (pid 9, user www)" + otherPort},
		{"another user's", "bridge", func(w *world) { w.foreign(8403, says(bridgeHealth)) },
			"fail: the bridge on port 8403 is another user's: nginx (pid 9, user www)" + otherPort},
		{"somebody else on ::1", "bridge", func(w *world) { w.servers[bridgeV6] = http.NotFound },
			"fail: port 8403 of ::1, which localhost may mean too, is answered by another program" + otherPort},
		{"no ::1 at all", "bridge", func(w *world) { delete(w.servers, bridgeV6) },
			"ok: answers on http://localhost:8403, 1.2.3"},
		{"another state folder's", "bridge", func(w *world) { w.running = false },
			"warn: the bridge on http://localhost:8403 runs on another state folder than ~/.clawrouter-codex → stop that one and run clawrouter-codex up, or set CLAWROUTER_CODEX_HOME to its folder"},
		{"another version", "bridge", func(w *world) {
			w.servers[bridgeV4] = says(`{"status":"ok","service":"clawrouter-codex","version":"1.0.0"}`)
		}, "warn: the bridge on http://localhost:8403 is 1.0.0, this program is 1.2.3 → stop it, then: clawrouter-codex up"},
		{"on the port that the running process tells", "bridge", func(w *world) {
			w.announced = 9403
			w.servers["127.0.0.1:9403"] = says(bridgeHealth)
		}, "ok: answers on http://localhost:9403, 1.2.3"},
		{"ours, and it hangs", "bridge", func(w *world) { delete(w.servers, bridgeV4) },
			"fail: clawrouter-codex (pid 11, user ann) has port 8403 and does not answer: connection refused → stop it, then: clawrouter-codex up"},
	})
}

func TestUpstreamLines(t *testing.T) {
	const otherPort = " → stop that program, or choose another port: clawrouter-codex up --proxy-port 8414"
	gone := func(w *world) { delete(w.servers, upstream); delete(w.listeners, 8404) }
	own := func(w *world) { w.vars["CLAWROUTER_PROXY_URL"] = "http://127.0.0.1:8404" }
	checkLines(t, []lineTest{
		{"nothing runs", "clawrouter", (*world).down, "skip: does not run: nothing listens on port 8404; it starts with the link"},
		{"the link runs without it", "clawrouter", gone,
			"fail: does not answer on port 8404, though the link runs; what it said is in ~/.clawrouter-codex/log/clawrouter.log → mend what is said there; stop the link, then: clawrouter-codex up"},
		{"another program", "clawrouter", func(w *world) { w.foreign(8404, http.NotFound) },
			"fail: port 8404 is in use by nginx (pid 9, user www), which is not a ClawRouter" + otherPort},
		{"a version that only its start told", "clawrouter", func(w *world) {
			w.servers[upstream] = health("")
			w.linkSays = "0.12.246"
		}, "ok: answers on http://127.0.0.1:8404, 0.12.246"},
		{"a version that nobody tells", "clawrouter", func(w *world) { w.servers[upstream] = health("") },
			"ok: answers on http://127.0.0.1:8404, version not told"},
		{"a server of one's own", "clawrouter", func(w *world) { own(w); w.servers[upstream] = http.NotFound },
			"ok: http://127.0.0.1:8404 answers; it is no ClawRouter, so no wallet pays here"},
		{"a server of one's own that is down", "clawrouter", func(w *world) { own(w); gone(w) },
			"fail: http://127.0.0.1:8404 does not answer: connection refused → start that server, or have ClawRouter started for you: leave CLAWROUTER_PROXY_URL out"},
		{"another user's", "owner", func(w *world) { w.foreign(8404, health("")) },
			"fail: another user's: nginx (pid 9, user www)" + otherPort},
		{"nobody tells whose", "owner", func(w *world) { delete(w.listeners, 8404) },
			"warn: the system does not tell whose it is: the system does not tell who listens there" + otherPort},
		{"down", "owner", gone, "skip: ClawRouter does not answer"},
	})
}

func TestMoneyLines(t *testing.T) {
	const other = "0x1111111111111111111111111111111111111111"
	const limits = ".clawrouter-codex/spend/limits.json"
	const solana = "7EqQdEULxWcraVx3mXKFjc84LhCkMGZCkRuDpvcMwJeK"
	checkLines(t, []lineTest{
		{"another one pays", "wallet", func(w *world) {
			w.servers[upstream] = says(`{"status":"ok","wallet":"` + other + `","paymentChain":"base"}`)
		}, "fail: ClawRouter pays from " + other + ", but your wallet is " + payerAddress + " (~/.blockrun/.session): paid turns are refused → stop the link and that ClawRouter, then: clawrouter-codex up"},
		{"down", "wallet", (*world).down, "skip: wallet " + payerAddress + " from ~/.blockrun/.session; not compared, ClawRouter does not answer"},
		{"no key here", "wallet", func(w *world) { w.remove(".blockrun/.session") },
			"ok: ClawRouter pays from " + payerAddress + "; there is no other key here"},
		{"a malformed key", "wallet", func(w *world) { w.vars["BLOCKRUN_WALLET_KEY"] = "0xabc" },
			"fail: The wallet key in BLOCKRUN_WALLET_KEY is not a private key: 3 characters, where 64 hex digits (with or without 0x) are needed. ClawRouter was not started, because it would make a new, empty wallet instead. → Correct it: 0x and 64 hex digits, or a brk_… API key."},
		{"empty", "balance", func(w *world) { w.servers[upstream] = health(`,"balance":"$0.00","isLow":true,"isEmpty":true`) },
			"fail: empty (USDC on Base, " + payerAddress + "): every model is replaced by a free one → send USDC on Base to " + payerAddress + "; its QR code: clawrouter-codex wallet"},
		{"low", "balance", func(w *world) { w.servers[upstream] = health(`,"balance":"$0.42","isLow":true,"isEmpty":false`) },
			"warn: low: $0.42 (USDC on Base, " + payerAddress + ") → send USDC on Base to " + payerAddress + "; its QR code: clawrouter-codex wallet"},
		{"on Solana", "balance", func(w *world) {
			w.servers[upstream] = says(`{"status":"ok","wallet":"` + payerAddress + `","paymentChain":"solana","solana":"` + solana + `","balance":"$3.00"}`)
		}, "ok: $3.00 (USDC on Solana, " + solana + ")"},
		{"the chain is silent", "balance", func(w *world) { w.servers[upstream] = health(`,"balanceError":"Could not fetch balance"`) },
			"warn: could not be read from USDC on Base: Could not fetch balance → clawrouter-codex doctor, in a minute"},
		{"an account", "balance", func(w *world) {
			w.servers[upstream] = says(`{"status":"ok","authMode":"api-key","apiKey":"brk_live_…","balance":null}`)
		}, "skip: credit of a BlockRun account, which ClawRouter does not tell"},
		{"set", "cap", func(w *world) { w.write(limits, `{"cap_usd":5}`) }, "ok: $5.00 a day, of which $0.00 is spent"},
		{"reached", "cap", func(w *world) {
			w.write(limits, `{"cap_usd":5}`)
			w.write(".clawrouter-codex/spend/2026-01-02.jsonl", `{"id":"1","at":"2026-01-02T01:00:00Z","asked":"zai/glm","cost_usd":5.25}`+"\n")
		}, "warn: reached: $5.25 of $5.00 is spent today, so paid turns are refused until tomorrow → clawrouter-codex cap 6"},
		{"paused", "cap", func(w *world) { w.write(limits, `{"paused":true}`) },
			"warn: paid turns are paused: each is refused → clawrouter-codex resume"},
		{"broken", "cap", func(w *world) { w.write(limits, "{") },
			"fail: not known, so paid turns are refused: ~/" + limits + " is broken: unexpected end of JSON input → stop the link and delete ~/" + limits + ", which may have held a limit"},
		{"down", "balance", (*world).down, "skip: not known: no ClawRouter answers"},
	})
}

func TestProgramLines(t *testing.T) {
	checkLines(t, []lineTest{
		{"too old", "node", func(w *world) {
			w.nodeErr = &proxy.StartError{Kind: proxy.NodeTooOld, Message: "Node.js 18 is too old.", Mend: "Install Node.js 22."}
		}, "fail: Node.js 18 is too old. → Install Node.js 22."},
		{"without npx", "node", func(w *world) { w.node.Npx = "" },
			"fail: Node.js 22.11.0 is there (/opt/node), but npx is not → install npm, which brings npx, or name a command in CLAWROUTER_CMD"},
		{"not needed", "node", func(w *world) { w.vars["CLAWROUTER_CMD"] = "/opt/clawrouter --verbose" },
			"skip: not needed by CLAWROUTER_CMD: /opt/clawrouter --verbose"},
		{"missing", "codex", func(w *world) { w.codex = nil }, "fail: codex is not on PATH → npm install -g @openai/codex@latest"},
		{"too old", "codex", func(w *world) { w.codex.version = "0.124.0" },
			"fail: 0.124.0 (/opt/codex) is too old to read profile files: it ends with an error under --profile clawrouter → npm install -g @openai/codex@latest, or without a profile: clawrouter-codex desktop on"},
		{"broken", "codex", func(w *world) { w.codex.err = errors.New("exec format error") },
			"fail: /opt/codex does not start: exec format error → npm install -g @openai/codex@latest"},
	})
}

func TestCodexFileLines(t *testing.T) {
	const profile, list, config = ".codex/clawrouter.config.toml", ".codex/clawrouter-models.json", ".codex/config.toml"
	const fixable = " → clawrouter-codex setup (fixable)"
	replaced := func(old, new string) func(*world) {
		return func(w *world) {
			text := w.profile("8403")
			if !strings.Contains(text, old) {
				w.t.Fatalf("the profile holds no %s", old)
			}
			w.write(profile, strings.Replace(text, old, new, 1))
		}
	}
	checkLines(t, []lineTest{
		{"missing", "profile", func(w *world) { w.remove(profile) },
			"fail: ~/" + profile + " is missing: codex --profile clawrouter would run on OpenAI, and say nothing" + fixable},
		{"no TOML", "profile", func(w *world) { w.write(profile, "model = \"x\"\n[a\n") },
			"fail: ~/" + profile + ", line 2, column 3: not TOML, Codex does not start with it: expected ']' to close table name → correct line 2 of ~/" + profile},
		{"another port", "profile", replaced(":8403", ":9999"), "fail: ~/" + profile + ": base_url is http://localhost:9999/v1, and the bridge's port 8403" + fixable},
		{"another machine", "profile", replaced("localhost", "gateway.example"), "fail: ~/" + profile + ": base_url is http://gateway.example:8403/v1, and the bridge's port 8403" + fixable},
		{"another provider", "profile", replaced(`model_provider = "clawrouter"`, ""), "fail: ~/" + profile + ": model_provider is not set, not clawrouter" + fixable},
		{"chat", "profile", replaced(`"responses"`, `"chat"`), "fail: ~/" + profile + ": wire_api is chat, not responses: Codex does not start" + fixable},
		{"sends the user's token", "profile", replaced("auth = false", "auth = true"), "fail: ~/" + profile + ": requires_openai_auth is true: Codex would send its ChatGPT token to the bridge" + fixable},

		{"missing", "catalog", func(w *world) { w.remove(list) }, "fail: ~/" + list + " is missing: Codex does not start where its config names it" + fixable},
		{"broken", "catalog", func(w *world) { w.write(list, "{") }, "fail: ~/" + list + " is broken: unexpected end of JSON input" + fixable},
		{"empty", "catalog", func(w *world) { w.write(list, `{"models":[]}`) }, "fail: ~/" + list + " holds no model" + fixable},
		{"refused", "catalog", func(w *world) { w.codex.rejected = errors.New("missing field\n`sparkle`") }, "fail: Codex 0.169.0 refuses it: missing field; `sparkle`" + fixable},
		{"without Codex", "catalog", func(w *world) { w.codex = nil }, "ok: 2 models; not tried out, Codex is not installed"},
		{"without the profile's model", "catalog", replaced("blockrun/auto", "kimi"),
			"warn: has no entry for kimi, which the profile starts Codex with: Codex would guess its window → clawrouter-codex setup, or choose another model in ~/" + profile},

		{"none", "config", func(w *world) { w.remove(config) }, "ok: none, and Codex needs none"},
		{"no TOML", "config", func(w *world) {
			w.write(config, "a = 1\nb = = 2\n")
			w.write(".clawrouter-codex/backup/config.toml.20260101T000000.000000000Z", "")
		}, "fail: ~/" + config + ", line 2, column 5: not TOML, Codex does not start: unexpected character U+003D '=' at start of value → correct line 2 of ~/" + config + "; the last copy that was kept is ~/.clawrouter-codex/backup/config.toml.20260101T000000.000000000Z"},
		{"a table", "legacy", func(w *world) { w.write(config, "[profiles.clawrouter]\nmodel = \"x\"\n") },
			"fail: ~/" + config + " holds [profiles.clawrouter]: Codex refuses to start with --profile clawrouter → clawrouter-codex setup --migrate"},
		{"the line that selects ours", "legacy", func(w *world) { w.write(config, "profile = 'clawrouter'\n") },
			"fail: ~/" + config + ` holds profile = "clawrouter": Codex refuses to start → clawrouter-codex setup --migrate`},
		{"a line", "legacy", func(w *world) { w.write(config, "profile = \"work\"\n") },
			"fail: ~/" + config + ` holds profile = "work": Codex refuses to start → delete that line and start Codex with --profile work`},
		{"another profile", "legacy", func(w *world) { w.write(config, "[profiles.work]\nmodel = \"x\"\n") }, "ok: none"},
	})
}

func TestProviderLine(t *testing.T) {
	const config = ".codex/config.toml"
	on := func(port string) string {
		return "model_provider = \"clawrouter\"\n[model_providers.clawrouter]\nbase_url = \"http://localhost:" + port + "/v1\"\n"
	}
	const mend = " → clawrouter-codex up, or back to your subscription: clawrouter-codex doctor --fix"
	checkLines(t, []lineTest{
		{"on, and up", "provider", func(w *world) { w.write(config, on("8403")) }, "ok: runs on ClawRouter through http://localhost:8403/v1"},
		{"on, and down", "provider", func(w *world) { w.down(); w.write(config, on("8403")) },
			"fail: ~/" + config + " points at http://localhost:8403/v1, where no bridge runs: Codex without a profile does not work" + mend + " (fixable)"},
		{"on, at a port that is not the bridge's any more", "provider", func(w *world) { w.write(config, on("9999")) },
			"fail: ~/" + config + " points at http://localhost:9999/v1, where no bridge runs: Codex without a profile does not work" + mend},
		{"on, without a table", "provider", func(w *world) { w.down(); w.write(config, "model_provider = \"clawrouter\"\n") },
			"fail: ~/" + config + " points at a provider without an address: Codex without a profile does not work" + mend + " (fixable)"},
		{"another tool's name for our address", "provider", func(w *world) {
			w.down()
			w.write(config, "model_provider = \"mine\"\nmodel_providers.mine.base_url = \"http://127.0.0.1:8403/v1\"\n")
		}, "fail: ~/" + config + " points at http://127.0.0.1:8403/v1, where no bridge runs: Codex without a profile does not work → clawrouter-codex up, or name another model_provider in that file"},
		{"another tool's name for our address, answered", "provider", func(w *world) {
			w.running = false
			w.foreign(8403, http.NotFound)
			w.write(config, "model_provider = \"mine\"\nmodel_providers.mine.base_url = \"http://127.0.0.1:8403/v1\"\n")
		}, "ok: runs on the provider mine, which another program answers on http://127.0.0.1:8403/v1"},
		{"a model list that is gone, and no provider of ours", "provider", func(w *world) { w.write(config, "model_catalog_json = "+tomledit.Quote(gone)+"\n") },
			"fail: ~/" + config + " names the model list " + filepath.ToSlash(gone) + ", which is missing: Codex does not start → delete that line"},
		{"our model list, and it is gone", "provider", func(w *world) {
			w.remove(".codex/clawrouter-models.json")
			w.write(config, "model_catalog_json = "+tomledit.Quote(w.path(".codex/clawrouter-models.json"))+"\n")
		}, "fail: ~/" + config + " names the model list ~/.codex/clawrouter-models.json, which is missing: Codex does not start → clawrouter-codex setup (fixable)"},
		{"a model list beside the config", "provider", func(w *world) {
			w.write(config, "model_catalog_json = \"clawrouter-models.json\"\n"+on("8403"))
		}, "ok: runs on ClawRouter through http://localhost:8403/v1"},
		{"somebody else's provider", "provider", func(w *world) {
			w.write(config, "model_provider = \"azure\"\nmodel_providers.azure.base_url = \"https://azure.example\"\n")
		}, "ok: runs on the provider azure"},
		{"a model list that is gone", "provider", func(w *world) { w.write(config, "model_catalog_json = "+tomledit.Quote(gone)+"\n"+on("8403")) },
			"fail: ~/" + config + " names the model list " + filepath.ToSlash(gone) + ", which is missing: Codex does not start → clawrouter-codex desktop on, which names ours"},
	})
}

func TestOtherLines(t *testing.T) {
	checkLines(t, []lineTest{
		{"unknown keys", "settings", func(w *world) { w.write(".clawrouter-codex/settings.toml", "colour = \"red\"\n") },
			"warn: ~/.clawrouter-codex/settings.toml: not known to this version and ignored: colour → correct or delete these lines"},
		{"on", "web-search", func(w *world) { w.vars["WEB_SEARCH"] = "1" }, "ok: on"},
		{"on, and Codex offers none", "web-search", func(w *world) {
			w.vars["WEB_SEARCH"] = "1"
			w.write(".codex/config.toml", "web_search = \"disabled\"\n")
		}, `warn: on, but ~/.codex/config.toml holds web_search = "disabled": Codex offers no search to a model → delete that line`},
		{"the profile wins", "web-search", func(w *world) {
			w.vars["WEB_SEARCH"] = "1"
			w.write(".codex/config.toml", "web_search = \"disabled\"\n")
			w.write(".codex/clawrouter.config.toml", "web_search = \"live\"\n"+w.profile("8403"))
		}, "ok: on"},
		{"some", "backups", func(w *world) {
			if runtime.GOOS == "windows" {
				w.t.Skip("NOT RUN: the modes of this world's folders are those of Linux")
			}
			w.write(".clawrouter-codex/backup/config.toml.20260101T000000.000000000Z", "")
		},
			"ok: 1 in ~/.clawrouter-codex/backup"},
		{"open to others", "backups", func(w *world) {
			w.write(".clawrouter-codex/backup/x", "")
			if err := os.Chmod(w.path(".clawrouter-codex/backup"), 0o755); err != nil {
				w.t.Fatal(err)
			}
		}, "warn: ~/.clawrouter-codex/backup is open to other users, and a config may hold keys → chmod 700 ~/.clawrouter-codex/backup"},
		{"a file in its place", "backups", func(w *world) { w.write(".clawrouter-codex/backup", "") },
			"fail: ~/.clawrouter-codex/backup is no folder: nothing of Codex's can be changed → move it away"},
	})
}
