package translate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// event is one event as a client reads it.
type event struct {
	Type         string         `json:"type"`
	Seq          *int           `json:"sequence_number"`
	OutputIndex  *int           `json:"output_index"`
	ContentIndex *int           `json:"content_index"`
	SummaryIndex *int           `json:"summary_index"`
	ItemID       string         `json:"item_id"`
	Name         string         `json:"name"`
	Item         jsontext.Value `json:"item"`
	Part         jsontext.Value `json:"part"`
	Delta        *string        `json:"delta"`
	Text         *string        `json:"text"`
	Arguments    *string        `json:"arguments"`
	Input        *string        `json:"input"`
	Response     jsontext.Value `json:"response"`
}

// outputItem is what the tests read of an item.
type outputItem struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Status    string         `json:"status"`
	CallID    string         `json:"call_id"`
	Name      string         `json:"name"`
	Namespace string         `json:"namespace"`
	Arguments jsontext.Value `json:"arguments"`
	Input     string         `json:"input"`
	Content   []textPart     `json:"content"`
	Summary   []textPart     `json:"summary"`
	Encrypted string         `json:"encrypted_content"`
}

type textPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// responseObject is what the tests read of a Response object.
type responseObject struct {
	ID                string           `json:"id"`
	Status            string           `json:"status"`
	Model             string           `json:"model"`
	Output            []jsontext.Value `json:"output"`
	Usage             jsontext.Value   `json:"usage"`
	Error             jsontext.Value   `json:"error"`
	IncompleteDetails jsontext.Value   `json:"incomplete_details"`
}

// readEvents reads what a client gets, to the byte: every event is a line with
// its name, a line with its JSON, and a blank line. JSON is read strictly, so
// broken UTF-8, lone surrogates and repeated names are errors.
func readEvents(out []byte) ([]event, error) {
	var events []event
	for len(out) > 0 {
		block, rest, ok := bytes.Cut(out, []byte("\n\n"))
		if !ok {
			return nil, fmt.Errorf("no blank line ends %q", out)
		}
		out = rest
		name, data, ok := strings.Cut(string(block), "\ndata: ")
		name, named := strings.CutPrefix(name, "event: ")
		if !ok || !named || strings.ContainsAny(data, "\r\n") {
			return nil, fmt.Errorf("not an event: %q", block)
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return nil, fmt.Errorf("%w in %q", err, data)
		}
		if e.Type != name {
			return nil, fmt.Errorf("event %q says that its type is %q", name, e.Type)
		}
		events = append(events, e)
	}
	return events, nil
}

// mustRead reads events that must also stand in the order that the API promises.
func mustRead(t testing.TB, out []byte) []event {
	t.Helper()
	events, err := readEvents(out)
	if err == nil {
		err = checkOrder(events)
	}
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, shortened(out))
	}
	return events
}

// shortened keeps the beginning of each line, for messages.
func shortened(out []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			b.WriteString(text[:min(len(text), 200)] + "\n")
		}
	}
	return b.String()
}

// checkOrder checks one whole answer: created, in_progress, then each item added
// before its deltas and its deltas before its end, and one last event whose
// output is what the items came to.
func checkOrder(events []event) error {
	c := orderCheck{items: map[string]*itemCheck{}}
	for i, e := range events {
		if err := c.event(i, e, i == len(events)-1); err != nil {
			return fmt.Errorf("event %d, %s: %w", i, e.Type, err)
		}
	}
	if !c.ended {
		return fmt.Errorf("the answer has no end")
	}
	return nil
}

type orderCheck struct {
	response string // its id
	items    map[string]*itemCheck
	added    int
	ended    bool
}

// itemCheck is one output item as its events show it.
type itemCheck struct {
	index    int
	first    outputItem
	deltas   strings.Builder
	partOpen bool
	partDone bool
	textDone bool // the event that carries the whole text or the arguments
	whole    string
	done     jsontext.Value
}

func (c *orderCheck) event(i int, e event, last bool) error {
	if e.Seq == nil || *e.Seq != i {
		return fmt.Errorf("sequence_number is not %d", i)
	}
	if c.ended {
		return fmt.Errorf("something follows the end")
	}
	switch i {
	case 0:
		return c.lifecycle(e, evCreated, "in_progress")
	case 1:
		return c.lifecycle(e, evInProgress, "in_progress")
	}
	switch e.Type {
	case evInProgress:
		return c.lifecycle(e, evInProgress, "in_progress")
	case evCompleted, evIncomplete, evFailed:
		c.ended = true
		if !last {
			return fmt.Errorf("this must be the last event")
		}
		if err := c.lifecycle(e, e.Type, strings.TrimPrefix(e.Type, "response.")); err != nil {
			return err
		}
		return c.final(e)
	case evItemAdded:
		return c.itemAdded(e)
	case evItemDone:
		return c.itemDone(e)
	}
	return c.ofItem(e)
}

func (c *orderCheck) lifecycle(e event, typ, status string) error {
	var r responseObject
	if err := json.Unmarshal(e.Response, &r); err != nil {
		return err
	}
	if c.response == "" {
		c.response = r.ID
	}
	switch {
	case e.Type != typ:
		return fmt.Errorf("want %s here", typ)
	case r.ID != c.response || !strings.HasPrefix(r.ID, "resp_"):
		return fmt.Errorf("the response's id is %q, was %q", r.ID, c.response)
	case r.Status != status:
		return fmt.Errorf("status is %q, want %q", r.Status, status)
	case status == "in_progress" && len(r.Output) > 0:
		return fmt.Errorf("an answer in progress has output already")
	case (status == "failed") != (r.Error.Kind() == '{'):
		return fmt.Errorf("error is %s", r.Error)
	case (status == "incomplete") != (r.IncompleteDetails.Kind() == '{'):
		return fmt.Errorf("incomplete_details is %s", r.IncompleteDetails)
	}
	return nil
}

// prefixes are the beginnings of ids; Codex drops an id that it does not know.
var prefixes = map[string]string{
	"message": "msg_", "reasoning": "rs_", "function_call": "fc_",
	"custom_tool_call": "ctc_", "tool_search_call": "tsc_", "compaction": "cmp_",
	"web_search_call": "ws_",
}

func (c *orderCheck) itemAdded(e event) error {
	it := &itemCheck{}
	if err := json.Unmarshal(e.Item, &it.first); err != nil {
		return err
	}
	prefix, known := prefixes[it.first.Type]
	switch {
	case e.OutputIndex == nil || *e.OutputIndex != c.added:
		return fmt.Errorf("output_index is not %d", c.added)
	case !known:
		return fmt.Errorf("item type %q", it.first.Type)
	case !strings.HasPrefix(it.first.ID, prefix):
		return fmt.Errorf("id %q of a %s", it.first.ID, it.first.Type)
	case c.items[it.first.ID] != nil:
		return fmt.Errorf("id %q twice", it.first.ID)
	case it.first.Status != "in_progress" && it.first.Type != "compaction": // which has no status
		return fmt.Errorf("status is %q", it.first.Status)
	case len(it.first.Content)+len(it.first.Summary)+len(it.first.Input) > 0:
		return fmt.Errorf("the item is not empty yet: %s", e.Item)
	}
	it.index = c.added
	c.added++
	c.items[it.first.ID] = it
	return nil
}

// ofItem checks an event about one item.
func (c *orderCheck) ofItem(e event) error {
	it := c.items[e.ItemID]
	switch {
	case it == nil:
		return fmt.Errorf("item %q was not added", e.ItemID)
	case it.done != nil:
		return fmt.Errorf("item %q is done already", e.ItemID)
	case e.OutputIndex == nil || *e.OutputIndex != it.index:
		return fmt.Errorf("output_index of %q was %d", e.ItemID, it.index)
	}
	var wantType string
	part := true
	switch e.Type {
	case evPartAdded, evPartDone, evSummaryPartAdded, evSummaryPartDone:
		return it.part(e)
	case evTextDelta, evTextDone:
		wantType = "message"
	case evReasoningDelta, evReasoningDone, evSummaryDelta, evSummaryDone:
		wantType = "reasoning"
	case evArgumentsDelta, evArgumentsDone:
		wantType, part = "function_call", false
	case evInputDelta, evInputDone:
		wantType, part = "custom_tool_call", false
	case evSearchProgress, evSearchSearching, evSearchCompleted:
		return it.searching(e)
	default:
		return fmt.Errorf("no such event")
	}
	switch {
	case it.first.Type != wantType:
		return fmt.Errorf("item %q is a %s", e.ItemID, it.first.Type)
	case part && (!it.partOpen || it.partDone):
		return fmt.Errorf("no part is open in %q", e.ItemID)
	case it.textDone:
		return fmt.Errorf("the text of %q is done already", e.ItemID)
	}
	return it.text(e)
}

// searching checks the events of a web search, of which each follows the one before.
func (it *itemCheck) searching(e event) error {
	before := map[string]string{evSearchSearching: evSearchProgress, evSearchCompleted: evSearchSearching}
	notRun := e.Type == evSearchCompleted && it.whole == evSearchProgress // there were too many
	if it.first.Type != "web_search_call" || it.whole != before[e.Type] && !notRun {
		return fmt.Errorf("after %s", it.whole)
	}
	it.whole = e.Type
	return nil
}

func (it *itemCheck) part(e event) error {
	var p textPart
	if err := json.Unmarshal(e.Part, &p); err != nil {
		return err
	}
	switch e.Type {
	case evPartAdded, evSummaryPartAdded:
		if it.partOpen || p.Text != "" {
			return fmt.Errorf("part %s", e.Part)
		}
		it.partOpen = true
	default:
		if !it.textDone || it.partDone || p.Text != it.whole {
			return fmt.Errorf("part %s after the text %q", e.Part, it.whole)
		}
		it.partDone = true
	}
	return nil
}

// text checks a delta, or the event that repeats what all deltas came to.
func (it *itemCheck) text(e event) error {
	if e.Delta != nil {
		if *e.Delta == "" {
			return fmt.Errorf("an empty delta")
		}
		it.deltas.WriteString(*e.Delta)
		return nil
	}
	for _, whole := range []*string{e.Text, e.Arguments, e.Input} {
		if whole != nil {
			it.textDone, it.whole = true, *whole
		}
	}
	// Arguments that were broken are mended when all are there: what was sent of
	// them cannot be taken back.
	mended := e.Type == evArgumentsDone && it.whole == string(repairArguments([]byte(it.deltas.String())))
	if !it.textDone || it.whole != it.deltas.String() && !mended {
		return fmt.Errorf("the deltas add up to %q, the whole is %q", it.deltas.String(), it.whole)
	}
	if e.Type == evArgumentsDone && e.Name != it.first.Name {
		return fmt.Errorf("name is %q, was %q", e.Name, it.first.Name)
	}
	return nil
}

func (c *orderCheck) itemDone(e event) error {
	var got outputItem
	if err := json.Unmarshal(e.Item, &got); err != nil {
		return err
	}
	it := c.items[got.ID]
	switch {
	case it == nil || it.done != nil:
		return fmt.Errorf("item %q is not open", got.ID)
	case e.OutputIndex == nil || *e.OutputIndex != it.index:
		return fmt.Errorf("output_index of %q was %d", got.ID, it.index)
	case got.Type != it.first.Type || got.CallID != it.first.CallID || got.Name != it.first.Name || got.Namespace != it.first.Namespace:
		return fmt.Errorf("%s is not the item that was added, %+v", e.Item, it.first)
	case got.Status != "completed" && got.Status != "incomplete" && got.Type != "compaction" && (got.Status != "failed" || got.Type != "web_search_call"):
		return fmt.Errorf("status is %q", got.Status)
	}
	it.done = e.Item
	return it.whatItCameTo(got)
}

func (it *itemCheck) whatItCameTo(got outputItem) error {
	var whole string
	switch got.Type {
	case "message":
		if len(got.Content) != 1 || got.Content[0].Type != "output_text" || !it.partDone {
			return fmt.Errorf("content is %+v", got.Content)
		}
		whole = got.Content[0].Text
	case "web_search_call":
		if it.whole != evSearchCompleted {
			return fmt.Errorf("a search that ended at %s", it.whole)
		}
		return nil
	case "reasoning":
		if got.Encrypted != "" && strings.HasPrefix(got.Encrypted, findingsVersion) {
			return nil // no thought, but what searches found
		}
		if !it.partDone || len(got.Content)+len(got.Summary) == 0 {
			return fmt.Errorf("the reasoning is empty, or its part is open")
		}
		for _, p := range slices.Concat(got.Content, got.Summary) {
			whole = p.Text
		}
	case "function_call":
		if err := json.Unmarshal(got.Arguments, &whole); err != nil {
			return fmt.Errorf("arguments must be a string: %w", err)
		}
	case "custom_tool_call":
		whole = got.Input
	case "compaction":
		return nil
	case "tool_search_call":
		if got.Arguments.Kind() != '{' {
			return fmt.Errorf("arguments must be an object: %s", got.Arguments)
		}
		return nil
	}
	if !it.textDone || whole != it.whole {
		return fmt.Errorf("the item holds %q, its events %q", whole, it.whole)
	}
	if strings.HasSuffix(got.Type, "_call") && got.CallID == "" {
		return fmt.Errorf("a call without call_id")
	}
	return nil
}

// final checks the output of the last event against the items that were done.
func (c *orderCheck) final(e event) error {
	var r responseObject
	if err := json.Unmarshal(e.Response, &r); err != nil {
		return err
	}
	var want []jsontext.Value
	items := make([]*itemCheck, c.added)
	for _, it := range c.items {
		items[it.index] = it
	}
	// For Codex an answer that was cut is a completed one with a note. A call that
	// was cut with it is never done: half of one could be executed.
	cut := bytes.Contains(e.Response, []byte(cutNote)) || bytes.Contains(e.Response, []byte(filterNote))
	for _, it := range items {
		isCall := strings.HasSuffix(it.first.Type, "_call")
		if it.done != nil {
			want = append(want, it.done)
		} else if e.Type == evCompleted && !(isCall && (cut || it.echoed(items))) {
			return fmt.Errorf("item %q was never done", it.first.ID)
		}
	}
	if len(want) != len(r.Output) {
		return fmt.Errorf("%d items in output, %d were done", len(r.Output), len(want))
	}
	for i := range want {
		if !bytes.Equal(want[i], r.Output[i]) {
			return fmt.Errorf("output %d is %s, its item was %s", i, r.Output[i], want[i])
		}
	}
	return nil
}

// echoed reports whether another call of the answer is the same: one that upstream
// sent twice, in its text and properly, is done once.
func (it *itemCheck) echoed(items []*itemCheck) bool {
	return slices.ContainsFunc(items, func(other *itemCheck) bool {
		return other.done != nil && other.first.Type == it.first.Type && other.first.Name == it.first.Name &&
			sameJSON(appendEscaped(nil, it.deltas.String()), appendEscaped(nil, other.deltas.String()))
	})
}
