package translate

import "fmt"

// Resolve puts items in the place of references to them: some clients name the items
// of earlier answers, which OpenAI keeps for them, instead of sending them again.
// find returns such an item, or nil. A *RequestError tells of one that is not to be
// found: a history with a hole is no history.
func (req *Request) Resolve(find func(id string) []byte) error {
	for i := range req.items {
		it := &req.items[i]
		if it.kind != itemReference {
			continue
		}
		id := it.id.String()
		raw := find(id)
		if raw == nil {
			return &RequestError{
				Message: fmt.Sprintf("The item %q is not kept here. Send the item itself; clients of OpenAI's API do so with store set to false.", id),
				Param:   fmt.Sprintf("input[%d].id", i), Code: "item_not_found",
			}
		}
		found, err := readItem(newReader(raw))
		if err != nil {
			return asRequestError(err)
		}
		found.raw = raw
		*it = found
	}
	return nil
}

// Items calls f for each finished item of the answer. The bytes are valid until the
// next call of any method.
func (s *Stream) Items(f func(id string, item []byte)) {
	r := newReader(append(append([]byte{'['}, s.output...), ']'))
	_ = r.array(func() error { // written here
		raw, err := r.raw()
		if err != nil {
			return err
		}
		it, err := readItem(newReader(raw))
		f(it.id.String(), raw)
		return err
	})
}
