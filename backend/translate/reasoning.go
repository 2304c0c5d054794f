package translate

// reasoning takes a piece of what the model thinks, escaped. Where the client
// asked for a summary it is shown as one, because Codex hides raw reasoning;
// else it goes out as reasoning text.
func (s *Stream) reasoning(in []byte) {
	if s.turn.Request.compact {
		return // a summary is one item and nothing else
	}
	o := &s.open
	if o.kind != openReasoning {
		s.closeItem()
		s.openReasoning()
	}
	o.text = append(o.text, in...)
	s.ev.delta(&o.delta, in)
}

// summarised tells which of the two streams the client wants.
func (s *Stream) summarised() bool {
	t := s.turn.Request.reasoning.summary
	return !t.empty() && !t.is("none")
}

func (s *Stream) openReasoning() {
	o := &s.open
	*o = openItem{kind: openReasoning, id: s.opts.NewID("rs_"), index: s.takeIndex()}
	s.mark()
	s.ev.start(evItemAdded)
	s.ev.int("output_index", o.index)
	s.ev.str(`,"item":{"id":"` + o.id + `","type":"reasoning","status":"in_progress","summary":[],"content":[]}`)
	s.ev.end()
	if s.summarised() {
		o.delta = newDelta(evSummaryDelta, o.id, o.index, "summary_index")
		s.ev.item(evSummaryPartAdded, o.id, o.index)
		s.ev.str(`,"summary_index":0,"part":{"type":"summary_text","text":""}`)
	} else {
		o.delta = newDelta(evReasoningDelta, o.id, o.index, "content_index")
		s.ev.item(evPartAdded, o.id, o.index)
		s.ev.str(`,"content_index":0,"part":{"type":"reasoning_text","text":""}`)
	}
	s.ev.end()
}

func (s *Stream) closeReasoning() {
	o := &s.open
	summary := `[]`
	content := `[{"type":"reasoning_text","text":"` + string(o.text) + `"}]`
	if s.summarised() {
		summary = `[{"type":"summary_text","text":"` + string(o.text) + `"}]`
		s.reasoningDone(evSummaryDone, evSummaryPartDone, "summary_index", "summary_text")
	} else {
		s.reasoningDone(evReasoningDone, evPartDone, "content_index", "reasoning_text")
	}
	s.itemDone(o.index, []byte(`{"id":"`+o.id+`","type":"reasoning","status":"completed","summary":`+summary+
		`,"content":`+content+s.sealed()+`}`))
}

// sealed is the reasoning item's encrypted_content, as a member. Where the client
// did not ask for it there is none: the open specification of the API allows no
// null there.
func (s *Stream) sealed() string {
	if !s.turn.Request.EncryptedReasoning && !s.turn.mayRound() {
		return ""
	}
	e := envelope{Family: family(s.model), Details: mergeDetails(s.details)}
	s.details = nil
	said := unescape(nil, s.open.text)
	if !s.summarised() {
		e.Text = string(said)
	}
	sealed := e.seal(s.turn.envelopeKey, said)
	switch {
	case sealed == "":
		return ""
	case !s.turn.Request.EncryptedReasoning:
		if s.unsaid == nil {
			s.unsaid = map[string]string{}
		}
		s.unsaid[s.open.id] = sealed
		return ""
	}
	return `,"encrypted_content":"` + sealed + `"`
}

func (s *Stream) reasoningDone(textDone, partDone, index, partType string) {
	o := &s.open
	s.ev.item(textDone, o.id, o.index)
	s.ev.int(index, 0)
	s.ev.escaped("text", o.text)
	s.ev.end()
	s.ev.item(partDone, o.id, o.index)
	s.ev.int(index, 0)
	s.ev.str(`,"part":{"type":"` + partType + `","text":"`)
	s.ev.out = append(s.ev.out, o.text...)
	s.ev.str(`"}`)
	s.ev.end()
}
