package translate

import (
	"bytes"
	"slices"
	"sync"
)

// ToolCache keeps what the tools of earlier requests were read as. Codex sends the
// same 25 KB of them with each step of a session, and without reading them again a
// request of 78 KB takes 0.76 × the CPU time to translate. Requests with the same
// tools share one copy of them, which their answers repeat. It is safe for use by several goroutines.
type ToolCache struct {
	mu   sync.Mutex // protects sets
	sets []*toolSet // the latest used first
}

const (
	// maxToolSets is how many lists are kept: a session has one or two.
	maxToolSets = 16
	// maxToolBytes is the largest list that is kept, in bytes.
	maxToolBytes = 128 << 10
)

// toolSet is a list of tools and what it was read as. It never changes.
type toolSet struct {
	raw       []byte
	webSearch bool
	names     toolNames
	tools     []chatTool
	dropped   []string
	echo      []byte // what the Response repeats
}

// set returns the tools in raw as they are offered upstream. A nil cache reads them
// each time.
func (c *ToolCache) set(raw []byte, webSearch bool) (*toolSet, error) {
	if c == nil || len(raw) > maxToolBytes {
		return readTools([][]byte{raw}, webSearch)
	}
	if s := c.find(raw, webSearch); s != nil {
		return s, nil
	}
	s, err := readTools([][]byte{raw}, webSearch)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets = slices.Insert(c.sets[:min(len(c.sets), maxToolSets-1)], 0, s)
	return s, nil
}

func (c *ToolCache) find(raw []byte, webSearch bool) *toolSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.sets {
		if s.webSearch == webSearch && bytes.Equal(s.raw, raw) {
			copy(c.sets[1:], c.sets[:i])
			c.sets[0] = s
			return s
		}
	}
	return nil
}

// readTools reads lists of tools: the request's own, and those that items brought
// later. What it returns holds none of the request's bytes.
func readTools(lists [][]byte, webSearch bool) (*toolSet, error) {
	c := toolReader{names: toolNames{byUpstream: map[string]toolRef{}, byRef: map[toolRef]string{}}, webSearch: webSearch}
	s := &toolSet{raw: bytes.Clone(lists[0]), webSearch: webSearch}
	for i, raw := range lists {
		switch {
		case len(raw) == 0:
			continue
		case i == 0:
			raw = s.raw
		default:
			raw = bytes.Clone(raw)
		}
		if err := c.list(raw, nil); err != nil {
			return nil, asRequestError(err)
		}
	}
	c.offerWebSearch()
	s.names, s.tools, s.dropped, s.echo = c.names, c.tools, c.dropped, s.raw
	if c.sparse {
		s.echo = echoTools(s.raw)
	}
	return s, nil
}
