package translate

import "bytes"

// defaultMember is a member that an object gets where it has none of that name.
type defaultMember struct{ name, value string }

// The API's answers always have these members, strict clients refuse a Response
// without them, and requests may leave them out.
var (
	functionMembers = []defaultMember{{"description", `""`}, {"parameters", `{}`}, {"strict", `false`}}
	formatMembers   = []defaultMember{{"description", `""`}, {"strict", `false`}}
)

// echoTools is the request's tools as the Response repeats them.
func echoTools(tools []byte) []byte {
	whole := []byte{'['}
	r := newReader(tools)
	err := r.array(func() error {
		tool, err := r.raw()
		if err != nil {
			return err
		}
		if len(whole) > 1 {
			whole = append(whole, ',')
		}
		whole = append(whole, withMembers(tool, "function", functionMembers)...)
		return nil
	})
	if err != nil {
		return tools
	}
	return append(whole, ']')
}

// echoFormat is the request's text.format as the Response repeats it.
func echoFormat(format []byte) []byte {
	return withMembers(format, "json_schema", formatMembers)
}

// withMembers adds to an object of that type the members that it lacks.
func withMembers(object []byte, typ string, members []defaultMember) []byte {
	has := make([]bool, len(members))
	var is text
	r := newReader(object)
	err := r.object(func(key []byte) (err error) {
		if string(key) == "type" {
			is, err = r.text()
			return err
		}
		for i, m := range members {
			has[i] = has[i] || string(key) == m.name
		}
		return r.skip()
	})
	if err != nil || !is.is(typ) {
		return object
	}
	end := bytes.LastIndexByte(object, '}')
	whole := object[:end:end]
	for i, m := range members {
		if !has[i] {
			whole = append(whole, `,"`+m.name+`":`+m.value...)
		}
	}
	return append(whole, object[end:]...)
}
