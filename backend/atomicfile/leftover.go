package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
)

// tempPrefix and tempSuffix stand around the digits in the name of the file that
// is renamed to path.
func tempPrefix(path string) string { return "." + filepath.Base(path) + "." }

const tempSuffix = ".tmp"

// Leftovers are the files beside path, or beside what it links to, that writes of
// it left behind which were killed before their rename. No write of path may be
// under way.
func Leftovers(path string) ([]string, error) {
	target, err := resolve(System{}, path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(target)
	all, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var left []string
	for _, e := range all {
		name, ours := strings.CutPrefix(e.Name(), tempPrefix(target))
		digits, temp := strings.CutSuffix(name, tempSuffix)
		if ours && temp && digits != "" && strings.Trim(digits, "0123456789") == "" && e.Type().IsRegular() {
			left = append(left, filepath.Join(dir, e.Name()))
		}
	}
	return left, nil
}
