package translate

// emptyObject is the schema of a function without parameters.
var emptyObject = []byte(`{"type":"object","properties":{}}`)

// acceptableSchema returns a parameters schema that upstreams take: they refuse
// a function whose parameters are missing, null or not an object.
func acceptableSchema(raw []byte) []byte {
	if len(raw) == 0 || raw[0] != '{' {
		return emptyObject
	}
	return raw
}
