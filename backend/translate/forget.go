package translate

// Forget lets go of the body that the request was decoded from: what the answer
// repeats of it is copied. An open stream then holds no more than that, whatever
// the size of its request. It reports whether the body may be written to again; a
// turn that can go on after a web search keeps it. Call it when the request has
// been through Fingerprint and Chat, for neither works after it.
func (t *Turn) Forget() bool {
	if t.mayRound() {
		return false
	}
	req := t.Request
	if req.room != nil {
		req.room.leave(req.items)
	}
	req.items, req.room, req.tools = nil, nil, nil
	t.own()
	return true
}

// own gives the turn a copy of each part of the request that it still needs, in
// one allocation.
func (t *Turn) own() {
	req, e := t.Request, &t.Request.echo
	kept := []*[]byte{
		(*[]byte)(&req.instructions), &req.toolChoice, &req.parallel, &req.maxOutput, &t.echoFormat, &req.text.format,
		(*[]byte)(&req.text.verbosity), (*[]byte)(&req.reasoning.effort), (*[]byte)(&req.reasoning.summary),
		&e.temperature, &e.topP, &e.topLogprobs, &e.presencePenalty, &e.frequencyPenalty, &e.metadata, &e.truncation,
		&e.user, &e.serviceTier, &e.safety, &e.promptCacheKey, &e.maxToolCalls, &e.stop, &e.seed,
	}
	n := 0
	for _, f := range kept {
		n += len(*f)
	}
	room := make([]byte, 0, n)
	for _, f := range kept {
		if *f != nil {
			from := len(room)
			room = append(room, *f...)
			*f = room[from:len(room):len(room)]
		}
	}
}
