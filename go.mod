module github.com/BlockRunAI/clawrouter-codex

go 1.26.0

// What the program is made of. Each line says what it saves us from writing.
require (
	fyne.io/systray v1.12.2 // an icon with a menu in three menu bars; pure Go but on macOS
	git.sr.ht/~jackmordaunt/go-toast/v2 v2.0.3 // notifications on Windows without a helper program
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // a wallet's address from its key; constant time, pure Go
	github.com/fsnotify/fsnotify v1.10.1 // changes of files without polling, on all three systems
	github.com/go-json-experiment/json v1.27.2 // token-wise JSON that keeps raw bytes; encoding/json/v2 before it needs no experiment flag
	github.com/godbus/dbus/v5 v5.2.4 // notifications on Linux, and whether anything shows tray icons
	github.com/gofrs/flock v0.13.1 // one process a state folder, on all three systems
	github.com/google/shlex v0.0.0-20191202100458-e7afc7fbc510 // POSIX quoting of CLAWROUTER_CMD
	github.com/klauspost/compress v1.20.3 // zstd, in which Codex may send its requests
	github.com/pelletier/go-toml/v2 v2.4.3 // byte ranges of keys, for edits that leave the rest alone
	github.com/skip2/go-qrcode v0.0.0-20200617195104-da1b6568686e // the wallet's address as a QR code
	github.com/spf13/cobra v1.10.2 // commands, help and completion of four shells
	github.com/spf13/pflag v1.0.9 // what cobra's flags are made of
	github.com/wailsapp/wails/v2 v2.16.0 // the panel's window, in the desktop build only; name the version: @latest finds an old one
	golang.org/x/crypto v0.58.0 // Keccak, for wallet addresses
	golang.org/x/mod v0.41.0 // semver: is a release newer than this one
	golang.org/x/sync v0.24.0 // singleflight: one look at the upstream however many turns ask
	golang.org/x/sys v0.49.0 // job objects, process tables, port owners, the Run key
	golang.org/x/term v0.47.0 // is this a terminal
)

// What only tests need.
require (
	github.com/google/go-cmp v0.7.0 // differences a person can read
	github.com/openai/openai-go/v3 v3.96.0 // a judge: OpenAI's own client
	github.com/rogpeppe/go-internal v1.16.0 // testscript: command lines as manual pages
	go.uber.org/goleak v1.3.0 // no goroutine without an owner
	go.yaml.in/yaml/v3 v3.0.5 // winget's manifests are read as winget reads them
	pgregory.net/rapid v1.3.0 // property tests with shrinking
)

require (
	github.com/bep/debounce v1.2.1 // indirect
	github.com/coder/websocket v1.8.15 // indirect
	github.com/go-ole/go-ole v1.3.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jchv/go-winloader v0.0.0-20210711035445-715c2860da7e // indirect
	github.com/labstack/echo/v4 v4.13.3 // indirect
	github.com/labstack/gommon v0.4.2 // indirect
	github.com/leaanthony/go-ansi-parser v1.6.1 // indirect
	github.com/leaanthony/gosod v1.0.4 // indirect
	github.com/leaanthony/slicer v1.6.0 // indirect
	github.com/leaanthony/u v1.1.1 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/pkg/browser v0.0.0-20240102092130-5ac0b6a4141c // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/samber/lo v1.49.1 // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	github.com/tkrajina/go-reflector v0.5.8 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasttemplate v1.2.2 // indirect
	github.com/wailsapp/go-webview2 v1.0.22 // indirect
	github.com/wailsapp/mimetype v1.4.1 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
