// Package judges has clients that we did not write judge the bridge's events
// and objects: the npm openai package, its type declarations checked by the
// TypeScript compiler, and @ai-sdk/openai. The tests need the build tag e2e and
// the npm clients that e2e/install.sh installs.
package judges
