package translate

import "strconv"

// Usage is what a turn used, in tokens.
type Usage struct {
	Input      int64 // all of the prompt, cached tokens included
	Cached     int64 // of Input: read from the provider's cache
	CacheWrite int64 // of Input: written to the provider's cache
	Output     int64 // all that was generated, reasoning included
	Reasoning  int64 // of Output
	Total      int64
	// Estimated is set where upstream told nothing and the figures were made
	// from sizes, at four bytes a token.
	Estimated bool
}

// read takes a Chat "usage" object in the shapes of OpenAI, DeepSeek and
// Anthropic-like gateways. It reports whether anything was told.
func (u *Usage) read(r *reader) (told bool, err error) {
	if r.kind() != '{' {
		return false, r.skip()
	}
	var hit, miss int64
	err = r.object(func(key []byte) (err error) {
		switch string(key) {
		case "prompt_tokens", "input_tokens":
			u.Input, err = r.count()
			told = true
		case "completion_tokens", "output_tokens":
			u.Output, err = r.count()
			told = true
		case "total_tokens":
			u.Total, err = r.count()
		case "prompt_tokens_details", "input_tokens_details":
			err = u.readInputDetails(r)
		case "completion_tokens_details", "output_tokens_details":
			err = u.readOutputDetails(r)
		case "prompt_cache_hit_tokens":
			hit, err = r.count()
		case "prompt_cache_miss_tokens":
			miss, err = r.count()
		case "cache_read_input_tokens":
			hit, err = r.count()
		case "cache_creation_input_tokens":
			u.CacheWrite, err = r.count()
		case "reasoning_tokens":
			u.Reasoning, err = r.count()
		default:
			err = r.skip()
		}
		return err
	})
	if u.Cached == 0 {
		u.Cached = hit
	}
	if u.Input == 0 {
		u.Input = hit + miss
	}
	if apart := u.Cached + u.CacheWrite; apart > u.Input {
		u.Input += apart // Anthropic's own figures count the cache apart
	}
	if sum := u.Input + u.Output; u.Total < sum {
		u.Total = sum
	}
	return told, err
}

func (u *Usage) readInputDetails(r *reader) error {
	return r.object(func(key []byte) (err error) {
		switch string(key) {
		case "cached_tokens":
			u.Cached, err = r.count()
		case "cache_write_tokens", "cache_creation_tokens":
			u.CacheWrite, err = r.count()
		default:
			err = r.skip()
		}
		return err
	})
}

func (u *Usage) readOutputDetails(r *reader) error {
	return r.object(func(key []byte) (err error) {
		if string(key) == "reasoning_tokens" {
			u.Reasoning, err = r.count()
			return err
		}
		return r.skip()
	})
}

// told is the usage that the client is told. Codex takes it for the size of its
// history, which only the last round of searches has seen whole; to others it is
// what the turn came to.
func (s *Stream) told() *Usage {
	if s.turn.Codex {
		return &s.usage
	}
	all := s.spent()
	return &all
}

// spent is the usage of this round and those before.
func (s *Stream) spent() Usage {
	u, b := s.usage, s.before
	return Usage{
		Input: u.Input + b.Input, Cached: u.Cached + b.Cached, CacheWrite: u.CacheWrite + b.CacheWrite,
		Output: u.Output + b.Output, Reasoning: u.Reasoning + b.Reasoning, Total: u.Total + b.Total,
		Estimated: u.Estimated || b.Estimated,
	}
}

// count reads a number of tokens; what is not one is 0. Some servers send
// floats, which Codex refuses, so they are cut here.
func (r *reader) count() (int64, error) {
	if r.kind() != '0' {
		return 0, r.skip()
	}
	raw, err := r.raw()
	if err != nil {
		return 0, err
	}
	f, _ := strconv.ParseFloat(string(raw), 64)
	if f < 0 || f > 1e15 { // no such number of tokens, and sums of them would overflow
		return 0, nil
	}
	return int64(f), nil
}

// append writes the Responses usage object. The details are never left empty:
// Codex fails the stream on `{}`.
func (u *Usage) append(dst []byte) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, u.Input, 10)
	dst = append(dst, `,"input_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, u.Cached, 10)
	dst = append(dst, `,"cache_write_tokens":`...)
	dst = strconv.AppendInt(dst, u.CacheWrite, 10)
	dst = append(dst, `},"output_tokens":`...)
	dst = strconv.AppendInt(dst, u.Output, 10)
	dst = append(dst, `,"output_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, u.Reasoning, 10)
	dst = append(dst, `},"total_tokens":`...)
	dst = strconv.AppendInt(dst, u.Total, 10)
	return append(dst, '}')
}
