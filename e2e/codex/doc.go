// Package codex has the real Codex judge the bridge: it is told where to go by
// our own setup, runs turns against the stand-in ClawRouter, and each test
// asserts what Codex did. The tests need the build tag e2e and the npm clients
// that e2e/install.sh installs.
package codex
