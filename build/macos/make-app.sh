#!/bin/bash
# Makes dist/clawrouter-codex_VERSION_macos_universal.zip, which holds the .app.
# It needs a Mac: tray and window are cgo, and iconutil, lipo and codesign are
# Apple's. Written for bash 3.2, which is what macOS has.
#   build/macos/make-app.sh                 signed ad hoc: runs on this Mac, and elsewhere after a right-click, Open
#   SIGN_AS="Developer ID …" build/macos/make-app.sh
set -eu
cd "$(dirname "$0")/../.."

[ "$(uname -s)" = Darwin ] || {
  echo "make-app: the .app can only be made on a Mac; the command line for macOS comes from make dist" >&2
  exit 1
}

eval "$(go run ./build/dist -describe)" # VERSION COMMIT COMMIT_TIME
number=${VERSION%%[-+]*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
app=$work/clawrouter-codex.app
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"

cli=github.com/BlockRunAI/clawrouter-codex/backend/cli
for arch in arm64 amd64; do
  GOOS=darwin GOARCH=$arch CGO_ENABLED=1 go build -trimpath -buildvcs=false -tags desktop,production \
    -ldflags "-s -w -X main.version=$VERSION -X $cli.commit=$COMMIT -X $cli.commitTime=$COMMIT_TIME" \
    -o "$work/$arch" .
done
lipo -create -output "$app/Contents/MacOS/clawrouter-codex" "$work/arm64" "$work/amd64"

sed -e "s/@NUMBER@/$number/" -e "s/@VERSION@/$VERSION/" build/macos/Info.plist >"$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist" >/dev/null

icons=$work/clawrouter-codex.iconset
mkdir "$icons"
for size in 16 32 128 256 512; do
  sips -z $size $size build/appicon.png --out "$icons/icon_${size}x${size}.png" >/dev/null
  sips -z $((size * 2)) $((size * 2)) build/appicon.png --out "$icons/icon_${size}x${size}@2x.png" >/dev/null
done
iconutil --convert icns --output "$app/Contents/Resources/clawrouter-codex.icns" "$icons"
cp LICENSE "$app/Contents/Resources/LICENSE"

if [ -n "${SIGN_AS:-}" ]; then
  codesign --force --options runtime --timestamp --sign "$SIGN_AS" "$app"
else
  codesign --force --sign - "$app"
fi
codesign --verify --strict "$app"

mkdir -p dist
archive=dist/clawrouter-codex_${VERSION}_macos_universal.zip
rm -f "$archive"
ditto -c -k --keepParent "$app" "$archive"
echo "$archive"
