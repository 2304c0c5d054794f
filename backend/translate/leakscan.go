package translate

import "strings"

// jsonScan reads one JSON document byte by byte, and checks on the way that it is
// what its role asks for.
type jsonScan struct {
	role  jsonRole // of the value that comes next
	mode  scanMode
	stack []jsonFrame
	str   []byte // the checked string so far
	check bool   // the string is checked against what role allows
	key   bool   // the string is a member's name
	word  string // what is left of true, false or null
	hex   int    // digits that an escape still needs
}

// jsonFrame is an open object or array and the role of its content.
type jsonFrame struct {
	object bool
	role   jsonRole
}

// jsonRole is what a value is in a call.
type jsonRole uint8

const (
	roleFree      jsonRole = iota // anything
	roleObject                    // an object of anything
	roleCalls                     // a call or a list of calls
	roleList                      // a list of calls
	roleCall                      // a call
	roleFunction                  // the object with name and arguments, or the name
	roleName                      // a tool's name
	roleArguments                 // an object, or a string that holds it
	roleType                      // "function" and the like
	roleScalar                    // an id, an index
	roleNone                      // nothing
)

// keyRoles are strings that may stand in a place, and what each makes of the value
// after it.
type keyRoles []struct {
	key  string
	role jsonRole
}

// callKeys are the members of a call, functionKeys those of its "function",
// callTypes the values of "type".
var callKeys = keyRoles{
	{"name", roleName}, {"arguments", roleArguments}, {"parameters", roleArguments}, {"args", roleArguments}, {"input", roleArguments},
	{"type", roleType}, {"function", roleFunction}, {"function_call", roleFunction}, {"tool_call", roleFunction}, {"tool_calls", roleList},
	{"id", roleScalar}, {"call_id", roleScalar}, {"tool_call_id", roleScalar}, {"index", roleScalar},
}

var functionKeys = callKeys[:5]

var callTypes = keyRoles{{key: "function"}, {key: "function_call"}, {key: "tool_call"}, {key: "tool_use"}, {key: "custom"}, {key: "custom_tool_call"}}

// find returns the role of a key.
func (k keyRoles) find(key []byte) (role jsonRole, ok bool) {
	for _, one := range k {
		if one.key == string(key) {
			return one.role, true
		}
	}
	return roleFree, false
}

// begins reports whether a key begins with part.
func (k keyRoles) begins(part []byte) bool {
	for _, one := range k {
		if len(one.key) >= len(part) && one.key[:len(part)] == string(part) {
			return true
		}
	}
	return false
}

type scanMode uint8

const (
	scanValue scanMode = iota
	scanFirst          // a value, or the end of an array
	scanFirstKey
	scanKey
	scanColon
	scanNext
	scanString
	scanEscape
	scanHex
	scanNumber
	scanWord
)

type scanResult uint8

const (
	scanMore scanResult = iota
	scanDone
	scanBad
)

// maxScanDepth is deeper than arguments go.
const maxScanDepth = 256

func (j *jsonScan) feed(m *leakMatch, c byte) scanResult {
	switch j.mode {
	case scanString:
		return j.inString(m, c)
	case scanEscape:
		return j.escape(c)
	case scanHex:
		if _, ok := hex4([]byte{'0', '0', '0', c}); !ok {
			return scanBad
		}
		if j.hex--; j.hex == 0 {
			j.mode = scanString
		}
		return scanMore
	case scanWord:
		if c != j.word[0] {
			return scanBad
		}
		if j.word = j.word[1:]; j.word == "" {
			j.mode = scanNext
		}
		return scanMore
	case scanNumber:
		if strings.IndexByte("0123456789+-.eE", c) >= 0 {
			return scanMore
		}
		j.mode = scanNext
	}
	if isSpace(c) {
		return scanMore
	}
	return j.structure(c)
}

// structure takes a byte between strings, numbers and words.
func (j *jsonScan) structure(c byte) scanResult {
	switch {
	case j.mode == scanValue, j.mode == scanFirst && c != ']':
		return j.begin(c)
	case c == '"' && (j.mode == scanKey || j.mode == scanFirstKey):
		role := j.stack[len(j.stack)-1].role
		j.beginString(true, role == roleCall || role == roleFunction)
	case c == ':' && j.mode == scanColon:
		j.mode = scanValue
	case j.mode == scanNext && c == ',':
		top := j.stack[len(j.stack)-1]
		j.mode = scanKey
		if !top.object {
			j.mode, j.role = scanValue, top.role
		}
	case j.mode == scanNext || j.mode == scanFirst || j.mode == scanFirstKey:
		return j.pop(c)
	default:
		return scanBad
	}
	return scanMore
}

// begin starts a value, if its role allows one of that kind.
func (j *jsonScan) begin(c byte) scanResult {
	role := j.role
	switch c {
	case '{':
		return j.push(true, inObject[role], scanFirstKey)
	case '[':
		return j.push(false, inArray[role], scanFirst)
	case '"':
		j.beginString(false, role == roleName || role == roleFunction || role == roleType)
		return okay(role != roleObject && role != roleCalls && role != roleCall && role != roleList)
	case 't', 'f', 'n':
		j.mode, j.word = scanWord, "rue"
		if c == 'f' {
			j.word = "alse"
		} else if c == 'n' {
			j.word = "ull"
		}
		return okay(role == roleFree || c == 'n' && (role == roleArguments || role == roleScalar))
	}
	j.mode = scanNumber
	return okay((c == '-' || c >= '0' && c <= '9') && (role == roleFree || role == roleScalar))
}

func okay(ok bool) scanResult {
	if ok {
		return scanMore
	}
	return scanBad
}

// inObject and inArray are the roles of the content of an object or array by its
// own role; where there is none, it may not be one.
var (
	inObject = [...]jsonRole{roleFree: roleFree, roleObject: roleFree, roleArguments: roleFree, roleCalls: roleCall,
		roleCall: roleCall, roleFunction: roleFunction, roleList: roleNone, roleName: roleNone, roleType: roleNone, roleScalar: roleNone}
	inArray = [...]jsonRole{roleFree: roleFree, roleCalls: roleCall, roleList: roleCall, roleObject: roleNone, roleCall: roleNone,
		roleFunction: roleNone, roleName: roleNone, roleArguments: roleNone, roleType: roleNone, roleScalar: roleNone}
)

func (j *jsonScan) push(object bool, content jsonRole, mode scanMode) scanResult {
	j.stack = append(j.stack, jsonFrame{object, content})
	j.mode, j.role = mode, content
	return okay(content != roleNone && len(j.stack) <= maxScanDepth)
}

func (j *jsonScan) pop(c byte) scanResult {
	top := j.stack[len(j.stack)-1]
	if top.object != (c == '}') || !top.object && c != ']' {
		return scanBad
	}
	j.stack = j.stack[:len(j.stack)-1]
	j.mode = scanNext
	if len(j.stack) == 0 {
		return scanDone
	}
	return scanMore
}

func (j *jsonScan) beginString(key, check bool) {
	j.mode, j.key, j.check, j.str = scanString, key, check, j.str[:0]
}

func (j *jsonScan) inString(m *leakMatch, c byte) scanResult {
	switch {
	case c == '"':
		return j.endString(m)
	case c < ' ' && !isSpace(c):
		return scanBad
	case c == '\\':
		j.mode = scanEscape
		return okay(!j.check) // no name needs an escape
	case !j.check:
		return scanMore
	}
	j.str = append(j.str, c)
	switch {
	case !j.key && j.role != roleType:
		if m.any {
			return okay(len(j.str) <= maxLeakedName)
		}
		return okay(m.tools.begins(j.str))
	default:
		return okay(j.known().begins(j.str))
	}
}

// known is what a checked string may be.
func (j *jsonScan) known() keyRoles {
	switch {
	case !j.key:
		return callTypes
	case j.stack[len(j.stack)-1].role == roleFunction:
		return functionKeys
	}
	return callKeys
}

func (j *jsonScan) endString(m *leakMatch) scanResult {
	j.mode = scanNext
	if j.key {
		j.mode, j.role = scanColon, roleFree
	}
	if !j.check {
		return scanMore
	}
	if !j.key && j.role != roleType {
		_, ok := m.tools.find(j.str)
		return okay(ok || m.any)
	}
	role, ok := j.known().find(j.str)
	if j.key {
		j.role = role
	}
	return okay(ok)
}

func (j *jsonScan) escape(c byte) scanResult {
	j.mode = scanString
	if c == 'u' {
		j.mode, j.hex = scanHex, 4
		return scanMore
	}
	return okay(strings.IndexByte(`"\/bfnrt`, c) >= 0)
}
