package spend

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// mostLine is the longest line that is read, in bytes; we write none of a tenth
// of it.
const mostLine = 64 << 10

// readLedger calls each for every entry of a ledger and returns the number of
// lines that could not be read: the torn end of a crash, an edit gone wrong. A
// line that stands there twice, as after a disk that was full for a moment, is
// one entry: ids in seen are passed over, those that are read are added.
func readLedger(r io.Reader, seen map[string]struct{}, each func(Entry)) (damaged int, err error) {
	in := bufio.NewReaderSize(r, mostLine)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			damaged++
			err = skipLine(in)
			line = nil
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			e, bad := parseLine(line)
			_, twice := seen[e.ID]
			switch {
			case bad != nil:
				damaged++
			case !twice:
				if e.ID != "" {
					seen[e.ID] = struct{}{}
				}
				each(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return damaged, nil
		}
		if err != nil {
			return damaged, err
		}
	}
}

func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

const (
	dayLayout    = "2006-01-02"
	ledgerSuffix = ".jsonl"
)

// ledgerDay is the day of a ledger's file name.
func ledgerDay(name string) (label string, ok bool) {
	label, ok = strings.CutSuffix(name, ledgerSuffix)
	if !ok {
		return "", false
	}
	_, err := time.Parse(dayLayout, label)
	return label, err == nil
}
