package settings

import "io/fs"

// A profile folder is its user's alone by the rights that it inherits.
func ownedByOther(fs.FileInfo) bool { return false }
func openMode(fs.FileMode) bool     { return false }
