package envfile

import (
	"strings"
)

// Block is the part of a file that this program owns, between two marks. The
// rest is the admin's.
type Block struct{ Begin, End string }

// Split takes the block out of src and returns what stands before and behind
// it. found is false when src has no block.
func (b Block) Split(src []byte) (before, after []byte, found bool) {
	s := string(src)
	i := lineIndex(s, b.Begin, 0)
	if i < 0 {
		return src, nil, false
	}
	j := lineIndex(s, b.End, i)
	if j < 0 {
		return src, nil, false
	}
	return src[:i], src[lineEnd(s, j):], true
}

// lineIndex returns the offset of the first line at or behind from that is
// exactly want.
func lineIndex(s, want string, from int) int {
	for pos := from; pos < len(s); pos = lineEnd(s, pos) {
		if strings.TrimRight(s[pos:lineEnd(s, pos)], "\r\n") == want {
			return pos
		}
	}
	return -1
}
