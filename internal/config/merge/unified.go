package merge

import (
	"fmt"
	"strings"
)

// Diff is two texts to be compared. Shown, if not nil, gives what to show in
// place of a line, so that secrets are compared and not seen.
type Diff struct {
	Old, New         []byte
	OldName, NewName string
	Shown            func(line string) string
}

// context is how many equal lines stand around a change.
const context = 3

// change is one line of a comparison: ' ', '-' or '+'.
type change struct {
	op       byte
	text     string
	old, new int // lines before it
}

// Unified returns the difference in unified form, "" when there is none, and
// how many lines come and go.
func Unified(d Diff) (text string, added, removed int) {
	edits := script(lines(d.Old), lines(d.New))
	for _, e := range edits {
		switch e.op {
		case '+':
			added++
		case '-':
			removed++
		}
	}
	if added+removed == 0 {
		return "", 0, 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", d.OldName, d.NewName)
	for from := 0; from < len(edits); {
		if edits[from].op == ' ' {
			from++
			continue
		}
		begin, end := max(0, from-context), hunkEnd(edits, from)
		d.hunk(&b, edits[begin:end])
		from = end
	}
	return b.String(), added, removed
}

// hunkEnd returns where the hunk with the change at from ends: changes with
// few equal lines between them share one.
func hunkEnd(edits []change, from int) int {
	last := from
	for i := from; i < len(edits) && i-last <= 2*context+1; i++ {
		if edits[i].op != ' ' {
			last = i
		}
	}
	return min(len(edits), last+context+1)
}

func (d Diff) hunk(b *strings.Builder, edits []change) {
	var olds, news int
	for _, e := range edits {
		if e.op != '+' {
			olds++
		}
		if e.op != '-' {
			news++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(edits[0].old, olds), span(edits[0].new, news))
	for _, e := range edits {
		line := strings.TrimRight(e.text, "\r\n")
		if d.Shown != nil {
			line = d.Shown(line)
		}
		fmt.Fprintf(b, "%c%s\n", e.op, line)
		if !strings.HasSuffix(e.text, "\n") {
			b.WriteString("\\ No newline at end of file\n")
		}
	}
}

// span writes a range as diff does: an empty one names the line before it.
func span(before, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", before)
	case 1:
		return fmt.Sprint(before + 1)
	}
	return fmt.Sprintf("%d,%d", before+1, count)
}

// script lists every line of both texts in order.
func script(a, b []string) []change {
	to := match(a, b)
	var out []change
	j := 0
	add := func(op byte, text string, i int) { out = append(out, change{op, text, i, j}) }
	for i, line := range a {
		if to[i] < 0 {
			add('-', line, i)
			continue
		}
		for ; j < to[i]; j++ {
			add('+', b[j], i)
		}
		add(' ', line, i)
		j++
	}
	for ; j < len(b); j++ {
		add('+', b[j], len(a))
	}
	return out
}
