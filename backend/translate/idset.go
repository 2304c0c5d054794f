package translate

import (
	"hash/maphash"
	"slices"
)

// idSet is a set of call ids in eight bytes each, for as long as an answer lasts.
// Where two ids had one hash, an answer's call would get a number it does not need.
type idSet struct {
	seed   maphash.Seed
	hashes []uint64 // sorted
}

func newIDSet(ids map[string]int) idSet {
	s := idSet{maphash.MakeSeed(), make([]uint64, 0, len(ids))}
	for id := range ids {
		s.hashes = append(s.hashes, maphash.String(s.seed, id))
	}
	slices.Sort(s.hashes)
	return s
}

func (s idSet) has(id string) bool {
	if len(s.hashes) == 0 {
		return false
	}
	_, ok := slices.BinarySearch(s.hashes, maphash.String(s.seed, id))
	return ok
}
