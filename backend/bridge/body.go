package bridge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxClaim is what is allocated before it has arrived, in bytes.
const maxClaim = 4 << 20

var errTooLarge = errors.New("the request is too large")

// readBody reads and decompresses a request body. Codex compresses with zstd
// where it is logged in; other clients use gzip.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	src, size, err := decompressed(r, limit)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if size > limit {
		return nil, errTooLarge
	}
	buf := bytes.NewBuffer(bodies.take(int(size)))
	if size > 0 {
		// A size is a claim: who only claims one shall not have the memory.
		buf.Grow(int(min(size, maxClaim)) + bytes.MinRead)
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
	// A compressed body may be no larger than an uncompressed one either: empty
	// frames without end come to nothing.
	packed := &counter{Reader: io.LimitReader(r.Body, limit+1)}
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return r.Body, r.ContentLength, nil
	case "gzip":
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, 0, fmt.Errorf("read the gzip body: %w", err)
		}
		return &ratio{ReadCloser: z, packed: packed}, 0, nil
	case "zstd":
		// One goroutine, and no more memory than the body itself may have. Clients
		// use windows of up to 8 MB.
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(limit)+1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, 0, fmt.Errorf("read the zstd body: %w", err)
		}
		return &ratio{ReadCloser: z.IOReadCloser(), packed: packed}, 0, nil
	}
	return nil, 0, errEncoding
}

const (
	maxWindow = 8 << 20
	// maxRatio is how many times its size a body may grow to once it is above
	// freeRatio bytes. Of a thread of Codex's it is 5 to 20; the most repetitive
	// thread that a person has reads below 100.
	maxRatio  = 200
	freeRatio = 4 << 20
)

var errBomb = fmt.Errorf("it grows to more than %d times its size when it is unpacked", maxRatio)

// ratio stops what is made to grow, before it has grown to the limit.
type ratio struct {
	io.ReadCloser
	packed *counter
	read   int64
}

func (r *ratio) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.read += int64(n)
	if r.read > freeRatio && r.read > maxRatio*r.packed.read {
		return 0, errBomb
	}
	return n, err
}

// counter counts what was read.
type counter struct {
	io.Reader
	read int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	return n, err
}
