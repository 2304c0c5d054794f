# Plain make of 2006 (GNU make 3.81, which macOS has) is enough.
.PHONY: help run build panel test test-long windows fuzz soak audit compat bench dist shots codex-pin clean
.DEFAULT_GOAL := help

FUZZTIME ?= 10s
SOAK_TIME ?= 10m
SUITES   ?=
program  := bin/clawrouter-codex
runner   := .cache/bin/suites

help:
	@echo "make run             build and start the app, without a display the link alone, and say what to do next"
	@echo "make run DEMO=1      the same against a stand-in: no wallet, no network, your Codex untouched"
	@echo "make panel           the window for the panel on Linux; without it the panel opens in the browser"
	@echo "make test            install what the tests need, and run all of them"
	@echo "make test SUITES=codex,judges    only these suites"
	@echo "make test-long       the long ones; the result goes to e2e/LONG.md"
	@echo "make windows         the program for Windows under Wine: unit tests, and a user's day"
	@echo "make fuzz FUZZTIME=1m            every fuzz target that long"
	@echo "make soak            64 sessions while everything around the program breaks; SOAK_TIME=1m"
	@echo "make audit           known holes in what this depends on; VULNDB=file:///… without a network"
	@echo "make bench           the bridge side by side with a bare hop"
	@echo "make dist            the packages of all systems, into dist/ (DIST='-only linux' for some)"
	@echo "make shots           the pictures of the panel in e2e/shots, taken anew"
	@echo "make compat          the supported releases of Codex, for docs/codex-compatibility.md"
	@echo "make codex-pin CODEX_VERSION=…   change the Codex that the tests run"

build:
	@command -v go >/dev/null || { echo "Go is missing. Install Go 1.26 or newer."; exit 1; }
	@test -x $(program) || echo "building $(program); the first time takes a minute or two"
	@$(how) go build -trimpath $(tags) -o $(program) .

# macOS reaches menu bar and window through cgo alone, in one executable.
ifneq ($(shell xcode-select -p 2>/dev/null),)
how  := CGO_ENABLED=1
tags := -tags desktop,production
else
how  := CGO_ENABLED=0
tags :=
endif

# A program of its own: what always runs must not be linked to a web view.
panel:
	@pkg-config --exists webkit2gtk-4.1 || { echo "WebKitGTK's headers are missing: apt-get install pkg-config gcc libgtk-3-dev libwebkit2gtk-4.1-dev"; exit 1; }
	@test -x $(program)-panel || echo "building $(program)-panel; the first time takes a minute or two"
	@go build -trimpath -tags desktop,production,webkit2_41 -o $(program)-panel .

run: build
	@$(program) app $(if $(DEMO),--demo,--or-demo)

$(runner): FORCE
	@e2e/install.sh system
	@go build -o $@ ./e2e/suites
.PHONY: FORCE

test: $(runner)
	@$(runner) -only '$(SUITES)' </dev/null

test-long: $(runner)
	@$(runner) -long -only '$(SUITES)' </dev/null

windows: $(runner)
	@$(runner) -long -only windows-units,windows </dev/null

fuzz: $(runner)
	@$(runner) -only fuzz -fuzztime $(FUZZTIME) </dev/null

# Without cgo there is no race detector in the program, whose memory is looked at. As
# root the disk fills as well.
soak:
	@CGO_ENABLED=0 SOAK_TIME='$(SOAK_TIME)' go test -tags e2e -count=1 -v -timeout 60m -run TestSoak ./e2e/soak

# govulncheck knows which holes the code can reach. Both ask their databases; the
# one for Go may be a copy on this machine.
audit:
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 $(if $(VULNDB),-db='$(VULNDB)') ./...
	cd e2e && npm audit --package-lock-only
	cd frontend && npm audit --package-lock-only

compat: $(runner)
	@$(runner) -compat -only '$(SUITES)' </dev/null

bench:
	@bench/run

dist:
	@go run ./build/dist $(DIST)

# They need ports 8403 and 8404, which the pictures show.
shots:
	@e2e/install.sh system
	@e2e/install.sh browser
	@SHOTS="$(CURDIR)/e2e/shots" go test -tags=e2e,shots -count=1 -run '^TestShots$$' ./e2e/browser

# The version stands in e2e/package.json, and nowhere else but its lock.
codex-pin:
	@test -n "$(CODEX_VERSION)" || { echo "say which: make codex-pin CODEX_VERSION=0.169.0"; exit 1; }
	cd e2e && npm install --package-lock-only --save-exact --omit-lockfile-registry-resolved \
		--ignore-scripts --no-audit --no-fund "@openai/codex@$(CODEX_VERSION)"

clean:
	rm -rf bin dist .cache e2e/node_modules
