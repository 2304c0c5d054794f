package translate

import (
	"encoding/binary"
	"math/bits"
)

// How the reader passes over long strings, into which a request's time goes. Source
// code has an escape every 25 bytes, and a branch at each that cannot be foreseen
// costs more than reading the bytes. So 64 bytes at a time become a mask of those that
// are not plain, and of these the escapes of one letter are passed over without such a
// branch. A request takes 0.74 × the CPU time to read. FuzzPassBlocks holds it to the
// plain way.

// shortString is how far a string is read without blocks, in bytes. Most are names and
// ids.
const shortString = 32

// passBlocks returns the first index from i on that is neither plain text nor part of
// an escape of one letter: a quote, a control character, what is not ASCII, any other
// escape. In the last 64 bytes of s it may return any index.
func passBlocks(s []byte, i int) int {
	for len(s)-i > 64 {
		next := i + 64
		for m := unplain64((*[64]byte)(s[i:])); m != 0; {
			at := bits.TrailingZeros64(m)
			if s[i+at] != '\\' || !simpleEscapes[s[i+at+1]] {
				return i + at
			}
			m &^= 3 << at // what is escaped is not looked at
			if at == 63 {
				next++
			}
		}
		i = next
	}
	return i
}

var simpleEscapes = [256]bool{'n': true, 't': true, 'r': true, 'b': true, 'f': true, '"': true, '\\': true, '/': true}

const lows, tops = 0x0101010101010101, 0x8080808080808080

// unplain64 has the bit of each byte set that is not plain, the first byte's lowest.
func unplain64(p *[64]byte) uint64 {
	return unplain8(p[0:8]) | unplain8(p[8:16])<<8 | unplain8(p[16:24])<<16 | unplain8(p[24:32])<<24 |
		unplain8(p[32:40])<<32 | unplain8(p[40:48])<<40 | unplain8(p[48:56])<<48 | unplain8(p[56:64])<<56
}

// unplain8 is unplain64 for eight bytes.
func unplain8(p []byte) uint64 {
	w := binary.LittleEndian.Uint64(p)
	low := w &^ tops
	// Sums that reach the top bit of a byte, and no further: from a space on, and of
	// all but the one that is looked for.
	plain := (low + (0x80-' ')*lows) & (low ^ '"'*lows + 0x7f*lows) & (low ^ '\\'*lows + 0x7f*lows)
	// The product brings the bits of eight bytes together in the highest.
	return (^plain | w) & tops >> 7 * 0x0102040810204080 >> 56
}
