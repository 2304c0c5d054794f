package bridge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// bodyTimeout bounds how long a client may take to send its request.
const bodyTimeout = time.Minute

var errTooLarge = errors.New("the request is too large")

// readBody reads and decompresses a request body. Codex compresses with zstd
// where it is logged in; other clients use gzip.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	// Not every ResponseWriter has deadlines; those of net/http do.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = http.NewResponseController(w).SetReadDeadline(time.Time{}) }()
	src, size, err := decompressed(r, limit)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if size > limit {
		return nil, errTooLarge
	}
	var buf bytes.Buffer
	if size > 0 {
		buf.Grow(int(size) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(src, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the request body: %w", err)
	case n > limit:
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}

var errEncoding = errors.New("the request's Content-Encoding is not zstd, gzip or identity")

// decompressed returns the body and, where it is known beforehand, its size.
func decompressed(r *http.Request, limit int64) (io.ReadCloser, int64, error) {
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return r.Body, r.ContentLength, nil
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, 0, fmt.Errorf("read the gzip body: %w", err)
		}
		return z, 0, nil
	case "zstd":
		// One goroutine, and no more memory than the body itself may have.
		z, err := zstd.NewReader(r.Body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit)+1))
		if err != nil {
			return nil, 0, fmt.Errorf("read the zstd body: %w", err)
		}
		return z.IOReadCloser(), 0, nil
	}
	return nil, 0, errEncoding
}
