package machine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parsePSTime reads the CPU time that ps prints: [[days-]hours:]minutes:seconds,
// with hundredths on macOS.
func parsePSTime(s string) (time.Duration, error) {
	days, clock, ok := strings.Cut(s, "-")
	if !ok {
		days, clock = "0", s
	}
	total, err := strconv.ParseFloat(days, 64)
	if err != nil {
		return 0, fmt.Errorf("CPU time %q: %w", s, err)
	}
	parts := strings.Split(clock, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("CPU time %q is not minutes:seconds", s)
	}
	if len(parts) == 2 {
		parts = append([]string{"0"}, parts...)
	}
	for i, unit := range []float64{24, 60, 60} {
		n, err := strconv.ParseFloat(parts[i], 64)
		if err != nil {
			return 0, fmt.Errorf("CPU time %q: %w", s, err)
		}
		total = total*unit + n
	}
	return time.Duration(total * float64(time.Second)), nil
}
