package translate

import (
	"bytes"
	"strconv"
)

// Vary returns a chat request that means the same but is not the same to the
// byte. ClawRouter answers an equal body from memory for 30 seconds, with the
// error too, so a repeat after an error would never reach the model.
func Vary(chat []byte, n int) []byte {
	end := bytes.LastIndexByte(chat, '}')
	if end < 0 {
		return chat
	}
	out := append([]byte(nil), chat[:end]...)
	if i := bytes.LastIndex(out, []byte(varyMark)); i >= 0 {
		out = out[:i]
	}
	out = append(out, varyMark...)
	out = strconv.AppendInt(out, int64(n), 10)
	return append(out, '"', '}')
}

const varyMark = `,"user":"repeat-`
