package translate

import "strings"

// The templates that write a call in tokens of their own, with JSON arguments:
//
//	<|tool_call_begin|>functions.NAME:0<|tool_call_argument_begin|>{…}<|tool_call_end|>      Kimi K2
//	<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{…}<｜tool▁call▁end｜>                                  DeepSeek V3.1
//	<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME\n```json\n{…}\n```<｜tool▁call▁end｜>          DeepSeek V3, R1
//	[TOOL_CALLS]NAME[CALL_ID]ID[ARGS]{…}, also without the last two                         Mistral
//	[TOOL_CALLS][{"name": …, "arguments": {…}}]                                             Mistral, older

// kimiName reads the name, which its number in the conversation follows.
func (m *leakMatch) kimiName(c byte) leakState {
	switch {
	case isSpace(c) && len(m.token) == 0:
		return (*leakMatch).kimiName
	case c == ':' || c == '<' || isSpace(c):
		if !m.named() {
			return nil
		}
		return m.kimiNumber(c)
	case m.nameByte(c):
		return (*leakMatch).kimiName
	}
	return nil
}

func (m *leakMatch) kimiNumber(c byte) leakState {
	switch {
	case c == ':' || c >= '0' && c <= '9' || isSpace(c):
		return (*leakMatch).kimiNumber
	case c == '<':
		return expect("|tool_call_argument_begin|>", func(m *leakMatch) leakState {
			return m.argumentJSON(always(skipSpace(expect("<|tool_call_end|>", (*leakMatch).done))))
		})
	}
	return nil
}

const (
	deepSeekType = "function" // what V3 writes before the name
	deepSeekSep  = "<｜tool▁sep｜>"
	deepSeekEnd  = "<｜tool▁call▁end｜>"
)

func (m *leakMatch) deepSeekName(c byte) leakState {
	if c == '<' {
		return expect(deepSeekSep[1:], always(skipSpace((*leakMatch).deepSeekCall)))
	}
	if !m.nameByte(c) && !strings.HasPrefix(deepSeekType, string(m.token)) {
		return nil
	}
	return (*leakMatch).deepSeekName
}

// deepSeekCall tells V3.1, where the arguments follow, from V3, where the name
// does.
func (m *leakMatch) deepSeekCall(c byte) leakState {
	switch {
	case c == '{' && m.named():
		return m.argumentJSON(always(skipSpace(expect(deepSeekEnd, (*leakMatch).done))))(m, c)
	case c == '{' || string(m.token) != deepSeekType:
		return nil
	}
	return m.beginName((*leakMatch).deepSeekV3Name)(m, c)
}

func (m *leakMatch) deepSeekV3Name(c byte) leakState {
	if !isSpace(c) {
		return okayState(m.nameByte(c), (*leakMatch).deepSeekV3Name)
	}
	if !m.named() {
		return nil
	}
	end := skipSpace(expect("```", always(skipSpace(expect(deepSeekEnd, (*leakMatch).done)))))
	return skipSpace(expect("```json", func(m *leakMatch) leakState { return m.argumentJSON(always(end)) }))
}

// mistral reads what follows [TOOL_CALLS]: a list, or one call's name.
func (m *leakMatch) mistral(c byte) leakState {
	switch {
	case isSpace(c):
		return (*leakMatch).mistral
	case c == '[' || c == '{':
		return m.openJSON(c)
	}
	return m.mistralName(c)
}

func (m *leakMatch) mistralName(c byte) leakState {
	switch {
	case c == '{' && m.named():
		return m.mistralArguments()(m, c)
	case c == '[' && m.named():
		return oneOf(1,
			branch{"[ARGS]", (*leakMatch).mistralArguments},
			branch{"[CALL_ID]", func(m *leakMatch) leakState { return m.beginName((*leakMatch).mistralID) }})
	case isSpace(c) && m.named():
		return skipSpace(func(m *leakMatch, c byte) leakState {
			if c != '{' && c != '[' {
				return nil
			}
			return m.mistralName(c)
		})
	case m.nameByte(c):
		return (*leakMatch).mistralName
	}
	return nil
}

// mistralID skips the call's id: the client gets one of ours.
func (m *leakMatch) mistralID(c byte) leakState {
	m.token = append(m.token, c)
	switch {
	case c == '[':
		return expect("ARGS]", (*leakMatch).mistralArguments)
	case isNameByte(c) && len(m.token) <= maxLeakedName:
		return (*leakMatch).mistralID
	}
	return nil
}

func (m *leakMatch) mistralArguments() leakState {
	return m.argumentJSON((*leakMatch).done)
}
