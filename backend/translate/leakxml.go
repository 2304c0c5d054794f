package translate

import (
	"bytes"
	"strings"
)

// xmlForm is a way to write a call as tags with plain text in them.
type xmlForm struct {
	open     string // up to the tool's name
	nameEnd  string
	param    string // up to a parameter's name
	paramEnd string
	between  string // from the end of the name's tag to the value, white space before it
	valueEnd string
	close    string
	// block values stand on lines of their own: the line breaks around them are
	// the template's.
	block bool
}

// functionForm is Qwen-coder's and Seed's. Llama puts JSON in place of the
// parameters.
var functionForm = xmlForm{
	open: "<function=", nameEnd: ">",
	param: "<parameter=", paramEnd: ">", valueEnd: "</parameter>",
	close: "</function>", block: true,
}

// invokeForm is Anthropic's and MiniMax's; DSML is DeepSeek's spelling of it.
var (
	invokeForm     = newInvokeForm("")
	invokeNSForm   = newInvokeForm(anthropicNS)
	invokeDSMLForm = newInvokeForm("｜DSML｜")
)

func newInvokeForm(prefix string) xmlForm {
	return xmlForm{
		open: "<" + prefix + `invoke name="`, nameEnd: `">`,
		param: "<" + prefix + `parameter name="`, paramEnd: `"`, valueEnd: "</" + prefix + "parameter>",
		close: "</" + prefix + "invoke>",
	}
}

// glmForm is that of GLM-4.5 and later, which share <tool_call> with Hermes.
var glmForm = xmlForm{
	open:  "<tool_call>",
	param: "<arg_key>", paramEnd: "</arg_key>", between: "<arg_value>", valueEnd: "</arg_value>",
	close: "</tool_call>",
}

func (m *leakMatch) beginXML(form *xmlForm) leakState {
	m.form = form
	return m.beginName((*leakMatch).xmlName)
}

func (m *leakMatch) xmlName(c byte) leakState {
	if c != m.form.nameEnd[0] {
		if !m.nameByte(c) {
			return nil
		}
		return (*leakMatch).xmlName
	}
	if !m.named() {
		return nil
	}
	body := m.beginBody()
	if len(m.form.nameEnd) == 1 {
		return body
	}
	return expect(m.form.nameEnd[1:], always(body))
}

// glmName reads the name that a line break or the first tag ends.
func (m *leakMatch) glmName(c byte) leakState {
	if c != '<' && !isSpace(c) {
		if !m.nameByte(c) {
			return nil
		}
		return (*leakMatch).glmName
	}
	if !m.named() {
		return nil
	}
	body := m.beginBody()
	return body(m, c)
}

func (m *leakMatch) beginBody() leakState {
	m.token, m.params = m.token[:0], nil
	return (*leakMatch).xmlBody
}

// xmlBody reads what follows the name: parameters, JSON, or the raw input of a
// freeform tool.
func (m *leakMatch) xmlBody(c byte) leakState {
	switch {
	case isSpace(c):
		m.keep(c) // of a freeform tool's input
		return (*leakMatch).xmlBody
	case c == '<':
		return m.xmlNext()(m, c)
	case c == '{' && m.form.nameEnd != "":
		return m.argumentJSON(always(skipSpace(expect(m.form.close, (*leakMatch).done))))(m, c)
	case m.form.nameEnd != "" && m.tools.custom(m.tool):
		return m.xmlRaw(c)
	}
	return nil
}

// xmlRaw reads a freeform tool's input up to the closing tag.
func (m *leakMatch) xmlRaw(c byte) leakState {
	m.keep(c)
	if c != '>' || !bytes.HasSuffix(m.token, []byte(m.form.close)) {
		return (*leakMatch).xmlRaw
	}
	input := trimBreaks(string(m.token[:len(m.token)-len(m.form.close)]))
	m.add(append(appendQuoted([]byte(`{"input":`), input), '}'))
	return m.done()
}

// xmlNext reads the opening tag of a parameter or the closing one of the call.
func (m *leakMatch) xmlNext() leakState {
	return oneOf(0, branch{m.form.param, (*leakMatch).xmlParam}, branch{m.form.close, (*leakMatch).xmlClose})
}

func (m *leakMatch) xmlParam() leakState {
	m.complete = incomplete
	m.token = m.token[:0]
	return (*leakMatch).xmlParamName
}

func (m *leakMatch) xmlParamName(c byte) leakState {
	if c != m.form.paramEnd[0] {
		m.token = append(m.token, c)
		if c == '<' || c == '\n' || len(m.token) > maxLeakedName {
			return nil
		}
		return (*leakMatch).xmlParamName
	}
	m.params = append(m.params, leakedParam{name: strings.TrimSpace(string(m.token))})
	value := always((*leakMatch).xmlValue)
	m.token, m.nested = m.token[:0], 0
	switch rest := m.form.paramEnd[1:]; {
	case m.form.between != "":
		return expect(rest, always(skipSpace(expect(m.form.between, value))))
	case c == '"':
		return oneOf(0,
			branch{">", value},
			branch{` string="true">`, m.typed(typeString)},
			branch{` string="false">`, m.typed(^typeString)})
	}
	return (*leakMatch).xmlValue
}

// typed notes that the format itself tells whether the value is a string.
func (m *leakMatch) typed(types jsonTypes) func(m *leakMatch) leakState {
	return func(m *leakMatch) leakState {
		m.params[len(m.params)-1].typed = types
		return (*leakMatch).xmlValue
	}
}

// xmlValue reads a value up to its closing tag. A value may itself hold such
// tags, as a file about tool calls does: those that are opened in it are closed
// in it, and a closing tag that the call cannot go on after is text.
func (m *leakMatch) xmlValue(c byte) leakState {
	m.keep(c)
	opening := m.form.param
	if m.form.between != "" {
		opening = m.form.between
	}
	switch {
	case c == opening[len(opening)-1] && bytes.HasSuffix(m.token, []byte(opening)):
		m.nested++
	case c != '>' || !bytes.HasSuffix(m.token, []byte(m.form.valueEnd)):
	case m.nested > 0:
		m.nested--
	default:
		m.value, m.gap = len(m.token)-len(m.form.valueEnd), -1
		m.complete, m.finish = unclosed, (*leakMatch).xmlFinish
		return (*leakMatch).afterValue
	}
	return (*leakMatch).xmlValue
}

// afterValue reads the next tag of the call; if it is none, then the value was
// not at its end.
func (m *leakMatch) afterValue(c byte) leakState {
	m.token = append(m.token, c)
	if m.gap < 0 && isSpace(c) {
		return okayState(!m.any || len(m.token) < 1<<12, (*leakMatch).afterValue)
	}
	if m.gap < 0 {
		m.gap = len(m.token) - 1
	}
	switch tag := string(m.token[m.gap:]); {
	case tag == m.form.param:
		m.takeValue()
		return m.xmlParam()
	case tag == m.form.close:
		m.takeValue()
		return m.xmlClose()
	case strings.HasPrefix(m.form.param, tag), strings.HasPrefix(m.form.close, tag):
		return (*leakMatch).afterValue
	}
	return (*leakMatch).xmlValue // xmlFinish sees by the gap that it is not complete
}

func okayState(ok bool, state leakState) leakState {
	if ok {
		return state
	}
	return nil
}

func (m *leakMatch) takeValue() {
	if m.any {
		return
	}
	value := string(m.token[:m.value])
	if m.form.block {
		value = trimBreaks(value)
	}
	m.params[len(m.params)-1].value = value
}

// trimBreaks takes one line break from each end.
func trimBreaks(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n")
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// xmlClose ends the call. One without any parameter is worth one only if the tool
// needs none: it is else the mention of a tag.
func (m *leakMatch) xmlClose() leakState {
	if !m.any && !m.xmlCall(len(m.params) > 0) {
		return nil
	}
	return m.done()
}

func (m *leakMatch) xmlCall(whole bool) bool {
	if !whole && !m.tools.has(m.tool, m.params) {
		return false
	}
	args, ok := m.tools.arguments(m.tool, m.params)
	if ok {
		m.add(args)
	}
	return ok
}

// xmlFinish makes the call that the end of the answer leaves without its closing
// tag, if nothing that it needs is missing.
func (m *leakMatch) xmlFinish() bool {
	if m.gap >= 0 && !strings.HasPrefix(m.form.close, string(m.token[m.gap:])) {
		return false
	}
	m.takeValue()
	return m.xmlCall(false)
}
