package translate

import (
	"bytes"
	"regexp"
	"strconv"
)

// lastUser is the user that ends a chat request, with the mark of an earlier
// repeat or without.
var lastUser = regexp.MustCompile(`,"user":"((?:[^"\\]|\\.)*?)(?:repeat-\d+)?"}$`)

// Vary returns a chat request that means the same but is not the same to the
// byte. ClawRouter answers an equal body from memory for 30 seconds, with the
// error too, so a repeat after an error would never reach the model.
func Vary(chat []byte, n int) []byte {
	end := bytes.LastIndexByte(chat, '}')
	if end < 0 {
		return chat
	}
	var user []byte
	if at := lastUser.FindSubmatchIndex(chat); at != nil {
		user, end = chat[at[2]:at[3]], at[0]
	}
	out := append(bytes.Clone(chat[:end]), `,"user":"`...)
	out = append(append(out, user...), "repeat-"...)
	out = strconv.AppendInt(out, int64(n), 10)
	return append(out, '"', '}')
}
