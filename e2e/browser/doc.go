// Package browser drives Debian's Chromium at the panel of the built program, in
// front of the stand-in: every control, both themes, narrow and wide, by keyboard
// alone, from a hostile page, with axe. It also takes the pictures of e2e/shots.
package browser
