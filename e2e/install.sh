#!/usr/bin/env bash
# Installs what the tests need, and says nothing when all of it is there.
#   e2e/install.sh           Debian packages, then the npm clients
#   e2e/install.sh system    Debian packages only; on macOS it checks, and says what to install
#   e2e/install.sh clients   npm packages of e2e/package-lock.json, and with CODEX_VERSION set
#                            that release of Codex, beside the pinned one
#   e2e/install.sh page      npm packages that build the panel
#   e2e/install.sh browser   what drives a browser at it
#   e2e/install.sh windows   Debian packages with which Windows programs run here (1 GB)
# Written for bash 3.2, which is what macOS has.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
exec </dev/null

fail() {
  echo "install: $*" >&2
  exit 1
}

# Runs a command silently; its output is shown only if it fails.
quietly() {
  local log
  mkdir -p "$root/.cache"
  log=$(mktemp "$root/.cache/install.XXXXXX")
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "'$*' failed; its output is above"
  fi
  rm -f "$log"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "these packages are missing and neither root nor sudo is at hand: $missing"
  fi
}

# The race detector links with the C compiler; Codex asks git about the folder it works in;
# the last four look at the packages that dist makes, and at scripts.
debian_packages="ca-certificates gcc git libc6-dev appstream desktop-file-utils groff-base shellcheck"
# A session bus, a virtual screen with a panel, what clicks and looks there, and what the
# panel's window is built with.
desktop_packages="dbus-daemon xvfb xfce4-panel xfwm4 xfconf xdotool xclip imagemagick pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev"
# The panel is looked at with Chromium, and with WebKit, in which its window is; xvfb-run
# needs xauth. The font is for pictures that look the same everywhere.
browser_packages="chromium fonts-inter webkit2gtk-driver xauth"

# Wine, and the compiler for the library that it lacks.
windows_packages="wine wine64 gcc-mingw-w64-x86-64-win32"

install_system() {
  command -v go >/dev/null || fail "Go is missing. Install Go 1.26 or newer, then run this again."
  command -v node >/dev/null || fail "Node is missing. Install Node 20 or newer, then run this again."
  command -v npm >/dev/null || fail "npm is missing. It comes with Node; install Node 20 or newer."
  local node
  node=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node" -ge 20 ] || fail "Node $node is too old for the test clients. Install Node 20 or newer."
  case $(uname -s) in
  Linux) if command -v apt-get >/dev/null; then
      # shellcheck disable=SC2086 # lists of names
      install_debian $debian_packages $desktop_packages $browser_packages
    else check_tools "your system's packages"
    fi
    ;;
  Darwin) check_tools "xcode-select --install" ;;
  *) check_tools "your system's packages" ;;
  esac
}

# install_debian PACKAGE...
install_debian() {
  local package
  missing=""
  for package in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  echo "install: Debian packages:$missing"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get update
  # shellcheck disable=SC2086 # a list of names
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

check_tools() {
  command -v cc >/dev/null || fail "a C compiler is missing (the race detector needs one): $1"
  command -v git >/dev/null || fail "git is missing: $1"
}

npm_options="--ignore-scripts --no-audit --no-fund --loglevel=error"

install_clients() {
  # The copy is written last, so an install that was cut short is done again.
  if ! cmp -s e2e/package-lock.json e2e/node_modules/.installed-lock; then
    echo "install: npm clients (about 470 MB, of which Codex is most)"
    # shellcheck disable=SC2086
    (cd e2e && quietly npm ci $npm_options)
    cp e2e/package-lock.json e2e/node_modules/.installed-lock
  fi
  [ -n "${CODEX_VERSION:-}" ] || return 0
  local place=.cache/codex-$CODEX_VERSION
  [ -e "$place/.installed" ] && return 0
  echo "install: Codex $CODEX_VERSION"
  rm -rf "$place"
  mkdir -p "$place"
  # shellcheck disable=SC2086
  quietly npm install $npm_options --no-package-lock --prefix "$place" "@openai/codex@$CODEX_VERSION"
  touch "$place/.installed"
}

# npm packages of a folder with a lock of its own.
install_locked() {
  cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return 0
  echo "install: npm packages of $1"
  # shellcheck disable=SC2086
  (cd "$1" && quietly npm ci $npm_options)
  cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

case ${1:-all} in
all)
  install_system
  install_clients
  install_locked frontend
  install_locked e2e/browser
  ;;
system) install_system ;;
clients) install_clients ;;
page) install_locked frontend ;;
browser) install_locked e2e/browser ;;
windows)
  command -v apt-get >/dev/null || fail "Wine is installed with apt-get here, which this system lacks"
  # shellcheck disable=SC2086
  install_debian $windows_packages
  ;;
*) fail "unknown part '$1': system, clients, page, browser, windows, or nothing for all" ;;
esac
