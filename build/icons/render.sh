#!/usr/bin/env bash
# Renders svg/ into the pictures that app/icons embeds and the packages carry, and notes in
# rendered.sha256 which sources they were made of. Debian: librsvg2-bin, imagemagick.
# The same tools give the same bytes; a test asks only whether the sources are the noted ones.
set -eu
cd "$(dirname "$0")"

# One colour each: for dark panels, for light ones, for those that do not say what they are,
# and for the menu bar of macOS, which colours a template by itself.
light=#ffffff
dark=#1e1e1e
any=#2f80d8
template=#000000

png() { # source colour size target
  sed "s/currentColor/$2/g" "svg/$1.svg" | rsvg-convert --width "$3" --height "$3" --output "$4"
}

ico() { # target, then sizes, from pictures of the same names in $work
  local target=$1 size list=""
  shift
  for size in "$@"; do list="$list $work/$size.png"; done
  # shellcheck disable=SC2086 # a list of names
  convert $list -define icon:png-compression-size=256 "$target"
}

out=../../app/icons
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
mkdir -p $out/tray

for state in subscription clawrouter starting attention; do
  png $state "$light" 32 $out/tray/$state-light.png
  png $state "$dark" 32 $out/tray/$state-dark.png
  png $state "$template" 32 $out/tray/$state-template.png
  png $state "$any" 32 $out/tray/$state-any.png
  for shade in light dark; do
    for size in 16 20 24 32 48; do png $state "${!shade}" $size "$work/$size.png"; done
    ico $out/tray/$state-$shade.ico 16 20 24 32 48
  done
done

png app "$dark" 256 $out/app.png
png app "$dark" 48 $out/small.png
png app "$dark" 1024 ../appicon.png
mkdir -p ../windows
for size in 16 24 32 48 64 128 256; do png app "$dark" $size "$work/$size.png"; done
ico ../windows/icon.ico 16 24 32 48 64 128 256

sha256sum render.sh svg/*.svg >rendered.sha256
