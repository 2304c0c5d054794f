// Package atomicfile replaces files so that a reader, or a crash, sees the old
// content or the new one and nothing between. It knows nothing of what it writes.
package atomicfile
