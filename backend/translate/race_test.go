//go:build race

package translate

// The race detector makes the compiler allocate where it need not, and pools forget.
const raceDetector = true
