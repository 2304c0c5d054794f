package atomicfile

import "io/fs"

// SyncDir does nothing: Windows has no call for it and writes renames through.
func (System) SyncDir(string) error { return nil }

// keepOwner does nothing: a file made beside the old one inherits the folder's
// access list, as the old one did.
func keepOwner(Temp, fs.FileInfo) error { return nil }
