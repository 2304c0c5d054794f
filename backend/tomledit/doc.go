// Package tomledit changes single keys of a TOML file by byte range: comments,
// order, spacing, line endings and a byte-order mark stay as they are. It reads
// and writes no file.
package tomledit
