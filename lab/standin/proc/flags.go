package proc

import (
	"strconv"
	"strings"
)

// Flags are the arguments of a program whose every flag need not be known:
// the commands in compose files of many releases carry dozens that change
// nothing here.
type Flags struct {
	vals  map[string][]string
	Words []string // what is no flag, in order
}

// ParseFlags reads --name value, --name=value, -n value and switches. A flag
// is a switch when it starts with --no- or stands in switches; any other one
// takes the next word unless that is a flag itself. After -- all is words.
func ParseFlags(args []string, switches ...string) Flags {
	f := Flags{vals: map[string][]string{}}
	isSwitch := map[string]bool{}
	for _, s := range switches {
		isSwitch[s] = true
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			f.Words = append(f.Words, args[i+1:]...)
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			f.Words = append(f.Words, a)
			continue
		}
		name, val, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !given && !isSwitch[name] && !strings.HasPrefix(name, "no-") && i+1 < len(args) && isValue(args[i+1]) {
			i++
			val = args[i]
		}
		f.vals[name] = append(f.vals[name], val)
	}
	return f
}

// isValue says whether a word can be a flag's value: a dash alone can, a
// negative number can, another flag cannot.
func isValue(w string) bool {
	if _, err := strconv.ParseFloat(w, 64); err == nil {
		return true
	}
	return w == "-" || !strings.HasPrefix(w, "-")
}

// Has says whether one of the flags was given.
func (f Flags) Has(names ...string) bool {
	for _, n := range names {
		if _, ok := f.vals[n]; ok {
			return true
		}
	}
	return false
}

// Get returns the last value of the first of the flags that was given.
func (f Flags) Get(names ...string) string {
	for _, n := range names {
		if v := f.vals[n]; len(v) > 0 {
			return v[len(v)-1]
		}
	}
	return ""
}

// All returns every value of the flag.
func (f Flags) All(name string) []string { return f.vals[name] }

// Or returns Get(name) or, when that is empty, def.
func (f Flags) Or(name, def string) string {
	if v := f.Get(name); v != "" {
		return v
	}
	return def
}

// Word returns the i-th word that is no flag, or "".
func (f Flags) Word(i int) string {
	if i < len(f.Words) {
		return f.Words[i]
	}
	return ""
}
