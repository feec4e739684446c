// Package format owns how figures and foreign lines look to a person: elapsed
// times, sizes, amounts, wrapped and cleaned text. It knows no event and no
// terminal.
package format

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Elapsed says how long something took: "0.4 s", "42 s", "3 min 05 s",
// "2 h 05 min".
func Elapsed(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute-500*time.Millisecond:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		s := int(math.Round(d.Seconds()))
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	default:
		m := int(math.Round(d.Minutes()))
		return fmt.Sprintf("%d h %02d min", m/60, m%60)
	}
}

// About says a time that is only guessed, in steps coarse enough not to
// flicker: "10 s", "2 min", "1 h 20 min".
func About(d time.Duration) string {
	switch {
	case d <= 55*time.Second:
		return fmt.Sprintf("%d s", max(5, int(math.Ceil(d.Seconds()/5))*5))
	case d < time.Hour-30*time.Second:
		return fmt.Sprintf("%d min", max(1, int(math.Round(d.Minutes()))))
	default:
		m := int(math.Round(d.Minutes()/5)) * 5
		return fmt.Sprintf("%d h %02d min", m/60, m%60)
	}
}

// Bytes says a size in decimal units, as Docker does: "940 B", "4.2 MB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", max(n, 0))
	}
	f, unit := float64(n), -1
	for f >= 999.5 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %s", f, units[unit])
	}
	return fmt.Sprintf("%.0f %s", f, units[unit])
}

var units = [...]string{"kB", "MB", "GB", "TB", "PB"}

// Amount says how much of a total is done: "120 MB of 1.2 GB", "12 of 71
// services", "12 services" where the total is not known.
func Amount(done, total int64, unit string) string {
	if unit == "bytes" {
		if total <= 0 {
			return Bytes(done)
		}
		return Bytes(done) + " of " + Bytes(total)
	}
	if total <= 0 {
		return strings.TrimSpace(fmt.Sprintf("%d %s", done, unit))
	}
	return strings.TrimSpace(fmt.Sprintf("%d of %d %s", done, total, unit))
}

// Percent returns done of total in whole per cent, 0 to 100, rounded down so
// that 100 means done. An unknown total gives 0.
func Percent(done, total int64) int {
	if total <= 0 || done <= 0 {
		return 0
	}
	if done >= total {
		return 100
	}
	return int(float64(done) / float64(total) * 100)
}

// Sentence returns s with its first letter large. A file, a key or a variable
// at the beginning stays as it is written.
func Sentence(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.ContainsAny(strings.TrimRight(first, ".:,"), "/._") {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
