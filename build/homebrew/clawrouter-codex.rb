cask "clawrouter-codex" do
  version "@VERSION@"
  sha256 "@SHA256 clawrouter-codex_@VERSION@_macos_universal.zip@"

  url "https://github.com/BlockRunAI/clawrouter-codex/releases/download/v#{version}/clawrouter-codex_#{version}_macos_universal.zip"
  name "clawrouter-codex"
  desc "Run OpenAI Codex on any model of ClawRouter"
  homepage "https://github.com/BlockRunAI/clawrouter-codex"

  livecheck do
    url :url
    strategy :github_latest
  end

  depends_on macos: ">= :monterey"

  app "clawrouter-codex.app"
  binary "#{appdir}/clawrouter-codex.app/Contents/MacOS/clawrouter-codex"

  # Gives Codex's config back to the user's own provider before the program goes.
  uninstall_preflight do
    system_command "#{appdir}/clawrouter-codex.app/Contents/MacOS/clawrouter-codex",
                   args: ["uninstall"], must_succeed: false
  end

  uninstall launchctl: "ai.blockrun.clawrouter-codex",
            quit:      "ai.blockrun.clawrouter-codex"

  # The folder holds the ledger and the key of old threads: only on request.
  zap trash: "~/.clawrouter-codex"
end
