package atomicfile

import "io/fs"

// owner is not kept by us on Windows, so there is nothing to compare.
func owner(fs.FileInfo) [2]uint32 { return [2]uint32{} }
