package translate

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A model that may search the web is offered a function for it, whose calls the
// bridge runs itself: the answer that asked for searches is one round of the turn,
// and the next round is asked for with what was found. The client sees
// web_search_call items. They hold what was asked, not what was found, so that goes
// with them in a reasoning item of ours, which clients return as it is: the model
// keeps its findings in the steps that follow, and need not search, and pay, again.

const webSearchName = "web_search"

var webSearchRef = toolRef{kind: toolWebSearch, name: webSearchName}

var webSearchSchema = []byte(`{"type":"object","properties":{"query":{"type":"string","description":"What to look for, as one would type it into a search engine."},"num_results":{"type":"integer","description":"How many pages to return, 1 to 15; 6 if left out."}},"required":["query"],"additionalProperties":false}`)

const webSearchDescription = "Searches the web and returns titles, addresses and excerpts. Use it for what may have changed since your training or what you cannot know."

// offerWebSearch offers the search, where it is switched on, to a request that does
// not list it too: the user's switch decides, not the client's.
func (c *toolReader) offerWebSearch() {
	if c.webSearch {
		c.offer(webSearchRef, chatTool{description: quote(webSearchDescription), parameters: webSearchSchema})
	}
}

// MaxSearchRounds is how often one turn may go on with what was found.
const MaxSearchRounds = 4

// mayRound reports whether the turn can have a further round.
func (t *Turn) mayRound() bool {
	_, ok := t.names.byRef[webSearchRef]
	return ok
}

// withoutSpent takes the search out of the tools once the turn has had its rounds.
// Where it is the only tool it stays, for some providers refuse a history with calls
// and no tools, and noCalls is set.
func withoutSpent(tools []chatTool, turn *Turn, to Target) (left []chatTool, noCalls bool) {
	if !turn.mayRound() || to.SearchRounds < MaxSearchRounds {
		return tools, false
	}
	name := turn.names.upstream(webSearchRef)
	left = slices.DeleteFunc(slices.Clone(tools), func(t chatTool) bool { return t.name == name })
	if len(left) == 0 {
		return tools, true
	}
	return left, false
}

// Search is a web search that the model asked for.
type Search struct {
	Query   string // "" where it named none
	Results int    // how many pages it wants, 0 where it did not say
}

// readSearch reads the arguments of a call. Models also write what they see in
// older histories: OpenAI's own action, with one query or several.
func readSearch(args []byte) (q Search) {
	var queries []string
	r := newReader(args)
	err := r.object(func(key []byte) (err error) {
		switch string(key) {
		case "query", "q", "search_query":
			var t text
			t, err = r.text()
			q.Query = strings.TrimSpace(t.String())
		case "queries":
			err = r.array(func() error {
				t, err := r.text()
				queries = append(queries, t.String())
				return err
			})
		case "num_results", "numResults":
			var n int64
			n, err = r.count()
			q.Results = int(min(n, 1000))
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return Search{}
	}
	if q.Query == "" {
		q.Query = strings.TrimSpace(strings.Join(queries, " "))
	}
	return q
}

// finding is what one search came to, as the model reads it.
type finding struct {
	Query string `json:"query"`
	Text  string `json:"text"`
}

// Searches lists the searches that the answer asks for, once all of it was
// received; nil where it asks for none or cannot be ended well, which End then
// tells. The caller gives what each came to, in the same order, to Found, and goes
// on with Next or, where that says so, with End.
func (s *Stream) Searches() []Search {
	if s.done || s.finish == "" || s.finish == "error" || s.cut() || s.turn.Request.compact {
		return nil
	}
	s.endContent()
	var all []Search
	for _, c := range s.searches() {
		s.mend(c)
		q := readSearch(unescape(nil, c.args))
		c.search = &q
		all = append(all, q)
	}
	if len(all) == 0 {
		return nil
	}
	s.closeItem()
	for _, c := range s.searches() {
		s.searchEvent(c, evSearchSearching)
	}
	return all
}

// searches are the answer's calls of the search, but for those sent twice.
func (s *Stream) searches() (all []*call) {
	for _, c := range s.calls {
		if c.ref.kind == toolWebSearch && !s.echoed(c) {
			all = append(all, c)
		}
	}
	return all
}

// onlySearches reports whether the answer calls the search and nothing else.
func (s *Stream) onlySearches() bool {
	for _, c := range s.calls {
		if c.ref.kind != toolWebSearch && !s.echoed(c) {
			return false
		}
	}
	return len(s.calls) > 0
}

// Found takes what the next of Searches came to, in words for the model; ok is
// false where it failed.
func (s *Stream) Found(findings string, ok bool) {
	for _, c := range s.searches() {
		if c.ended || c.search == nil {
			continue
		}
		s.found = append(s.found, finding{c.search.Query, findings})
		st := "completed"
		if !ok {
			st = "failed"
		}
		s.endSearch(c, st)
		return
	}
}

// endSearch writes the end of a search.
func (s *Stream) endSearch(c *call, status string) {
	c.ended = true
	s.searchEvent(c, evSearchCompleted)
	item := c.searchItem(status)
	if c.hidden {
		s.keep(c.outIndex, item)
		return
	}
	s.itemDone(c.outIndex, item)
}

func (s *Stream) searchEvent(c *call, typ string) {
	if c.hidden {
		return
	}
	s.ev.item(typ, c.itemID, c.outIndex)
	s.ev.end()
}

// searchItem is the search as an output item. Only its end knows what was asked.
func (c *call) searchItem(status string) []byte {
	var q Search
	if c.search != nil {
		q = *c.search
	}
	b := []byte(`{"id":"` + c.itemID + `","type":"web_search_call","status":"` + status + `","action":{"type":"search","query":`)
	return append(appendQuoted(b, q.Query), '}', '}')
}

// Next makes the chat request for the turn's next round, with what was found, and
// makes the Stream ready for its answer. It returns nil where the answer has calls
// beside searches: the client runs them, and what was found goes along with their
// outputs in its next request.
func (s *Stream) Next(to Target) ([]byte, error) {
	if !s.onlySearches() {
		return nil, nil
	}
	s.sealFindings()
	items, err := s.roundItems()
	if err != nil {
		return nil, err
	}
	req := s.turn.Request
	if s.roundOut == 0 {
		// What the client has already of this answer comes with its rounds.
		req.items = req.items[:len(req.items)-len(s.opts.Have)]
	}
	req.items = append(req.items[:len(req.items):len(req.items)], items...)
	chat, turn, err := req.Chat(to)
	if err != nil {
		return nil, err
	}
	turn.Codex = s.turn.Codex
	s.turn = turn
	s.before = s.spent()
	s.roundOut, s.roundByte, s.roundFound = s.nextOut, len(s.output), len(s.found)
	s.calls, s.round, s.sawText = nil, nil, false
	s.Restart()
	return chat, nil
}

// roundItems reads what this round gave out as input items, in the order in which
// they ended: the next round is asked for with the history that the client will send
// in its next request, so that providers' caches go on hitting.
func (s *Stream) roundItems() ([]item, error) {
	round := Request{}
	if err := round.readInput(newReader(slices.Concat([]byte{'['}, bytes.Join(s.round, []byte{','}), []byte{']'}))); err != nil {
		return nil, err
	}
	items := slices.DeleteFunc(round.items, func(it item) bool { return isFindings(it.encrypted) })
	for i := range items {
		if sealed := s.unsaid[items[i].id.String()]; sealed != "" {
			items[i].encrypted = quote(sealed)
		}
	}
	return append(items, item{kind: itemReasoning, found: s.found[s.roundFound:]}), nil
}

// findingsVersion marks our reasoning items that hold findings and no thought.
const findingsVersion = "cs1."

func isFindings(encrypted text) bool {
	return bytes.HasPrefix(encrypted.inner(), []byte(findingsVersion))
}

// sealFindings writes the item that carries what this round found, for a client
// that keeps such items. It ends the round: what follows is another step.
func (s *Stream) sealFindings() {
	found := s.found[s.roundFound:]
	if len(found) == 0 || !s.turn.Request.EncryptedReasoning || len(s.turn.envelopeKey) == 0 {
		return
	}
	payload, err := json.Marshal(found)
	if err != nil || len(payload) > maxEnvelope {
		return
	}
	id, index := s.opts.NewID("rs_"), s.takeIndex()
	mac := envelopeMAC(s.turn.envelopeKey, []byte(findingsVersion), payload)
	sealed := findingsVersion + base64.RawURLEncoding.EncodeToString(append(mac, payload...))
	item := func(status, more string) []byte {
		return []byte(`{"id":"` + id + `","type":"reasoning","status":"` + status + `","summary":[],"content":[]` + more + `}`)
	}
	done := item("completed", `,"encrypted_content":"`+sealed+`"`)
	if s.has(id) {
		s.keep(index, done)
		return
	}
	s.ev.start(evItemAdded)
	s.ev.int("output_index", index)
	s.ev.raw("item", item("in_progress", ""))
	s.ev.end()
	s.itemDone(index, done)
}

// openFindings reads them back; nil for what we did not write.
func openFindings(key []byte, encrypted text) (found []finding) {
	packed, ours := strings.CutPrefix(encrypted.String(), findingsVersion)
	if !ours || len(key) == 0 || len(packed) > 2*maxEnvelope {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil || len(raw) < macSize {
		return nil
	}
	mac, payload := raw[:macSize], raw[macSize:]
	if !hmac.Equal(mac, envelopeMAC(key, []byte(findingsVersion), payload)) || json.Unmarshal(payload, &found) != nil {
		return nil
	}
	return found
}

// indexFindings collects what earlier searches found, by what they asked.
func (b *builder) indexFindings(it *item) {
	found := it.found
	if isFindings(it.encrypted) {
		found = openFindings(b.key, it.encrypted)
	}
	for _, f := range found {
		if b.found == nil {
			b.found = map[string][]string{}
		}
		b.found[f.Query] = append(b.found[f.Query], f.Text)
	}
}

// webSearch keeps a search that was run for the model as the call that it was.
func (b *builder) webSearch(it *item) {
	if len(it.action) == 0 {
		return
	}
	if !b.group || !b.thought.empty() {
		b.endGroup()
		b.open()
	}
	said, args := searchForgotten, asString(it.action)
	q := readSearch(it.action)
	if q.Query != "" {
		args = appendQuoted(nil, append(appendQuoted([]byte(`{"query":`), q.Query), '}'))
	}
	if texts := b.found[q.Query]; len(texts) > 0 {
		said, b.found[q.Query] = string(quote(texts[0])), texts[1:]
	}
	id := b.uniqueID("search")
	m := &b.messages[len(b.messages)-1]
	m.calls = b.calls.add(m.calls, chatCall{id: id, name: b.names.upstream(webSearchRef), arguments: args})
	b.pending = append(b.pending, pendingCall{id: id, ran: true, said: []part{{kind: partText, text: text(said)}}})
}

const searchForgotten = `"[What this search found is no longer in the history.]"`

// endSearches ends the searches that nobody ran, because there were too many or the
// answer was cut.
func (s *Stream) endSearches() {
	for _, c := range s.searches() {
		if c.ended {
			continue
		}
		if args := unescape(nil, c.args); jsontext.Value(args).IsValid() {
			q := readSearch(args)
			c.search = &q
		}
		s.endSearch(c, "failed")
	}
}
