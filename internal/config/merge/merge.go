// Package merge brings an admin's edits of a text file over to another release:
// a three-way merge by lines, of the installed release's file (base), the
// target release's (theirs) and the one on disk (mine). It reads and writes no
// file.
package merge

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Conflict is a place where release and admin changed the same lines.
type Conflict struct {
	File   string   `json:"file"`
	Line   int      `json:"line"` // in mine, 1-based; the place before it when Mine is empty
	Base   []string `json:"base,omitempty"`
	Theirs []string `json:"theirs,omitempty"`
	Mine   []string `json:"mine,omitempty"`
}

// Error names file and line.
func (c Conflict) Error() string {
	return fmt.Sprintf("%s:%d: the release and you changed the same lines", c.File, c.Line)
}

// Resolve says whose lines a conflict ends with.
type Resolve string

// The ways to resolve.
const (
	Stop   Resolve = "stop" // report, write nothing
	Mine   Resolve = "mine"
	Theirs Resolve = "theirs"
)

// Input is one file at three places. A file that is not there is nil.
type Input struct {
	File    string
	Base    []byte
	Theirs  []byte
	Mine    []byte
	Resolve Resolve
}

// Files merges. With conflicts and Resolve Stop the merged text is nil. A file
// that the admin did not edit becomes theirs, one that the release did not
// change stays mine, byte for byte.
func Files(in Input) (merged []byte, conflicts []Conflict) {
	switch {
	case bytes.Equal(in.Mine, in.Base):
		return in.Theirs, nil
	case bytes.Equal(in.Theirs, in.Base), bytes.Equal(in.Theirs, in.Mine):
		return in.Mine, nil
	}
	m := merger{in: in, base: lines(in.Base), theirs: lines(in.Theirs), mine: lines(in.Mine)}
	m.run()
	if len(m.conflicts) > 0 && in.Resolve != Mine && in.Resolve != Theirs {
		return nil, m.conflicts
	}
	return []byte(strings.Join(m.out, "")), m.conflicts
}

// lines splits after each line end. The last line may have none.
func lines(b []byte) []string {
	return slices.DeleteFunc(strings.SplitAfter(string(b), "\n"), func(s string) bool { return s == "" })
}

type merger struct {
	in                 Input
	base, theirs, mine []string
	out                []string
	conflicts          []Conflict
}

// run walks over the lines that all three have in common: between two such
// runs stands a chunk that one side, or both, changed.
func (m *merger) run() {
	toTheirs, toMine := match(m.base, m.theirs), match(m.base, m.mine)
	var b, t, o int
	for b < len(m.base) {
		if toTheirs[b] == t && toMine[b] == o {
			m.out = append(m.out, m.base[b])
			b, t, o = b+1, t+1, o+1
			continue
		}
		// The next line of base that both sides still have.
		next := b
		for next < len(m.base) && (toTheirs[next] < 0 || toMine[next] < 0) {
			next++
		}
		nextT, nextO := len(m.theirs), len(m.mine)
		if next < len(m.base) {
			nextT, nextO = toTheirs[next], toMine[next]
		}
		m.chunk(m.base[b:next], m.theirs[t:nextT], m.mine[o:nextO], o)
		b, t, o = next, nextT, nextO
	}
	m.chunk(nil, m.theirs[t:], m.mine[o:], o)
}

// chunk decides between the three versions of one place.
func (m *merger) chunk(base, theirs, mine []string, at int) {
	switch {
	case slices.Equal(mine, theirs), slices.Equal(theirs, base):
		m.add(mine)
	case slices.Equal(mine, base):
		m.add(theirs)
	default:
		m.conflicts = append(m.conflicts, Conflict{File: m.in.File, Line: at + 1, Base: plain(base), Theirs: plain(theirs), Mine: plain(mine)})
		if m.in.Resolve == Theirs {
			m.add(theirs)
		} else {
			m.add(mine)
		}
	}
}

// add appends lines; one that ended the file on its side gets a line end when
// more follows.
func (m *merger) add(list []string) {
	if n := len(m.out); n > 0 && len(list) > 0 && !strings.HasSuffix(m.out[n-1], "\n") {
		m.out[n-1] += "\n"
	}
	m.out = append(m.out, list...)
}

func plain(list []string) []string {
	var out []string
	for _, l := range list {
		out = append(out, strings.TrimRight(l, "\r\n"))
	}
	return out
}
