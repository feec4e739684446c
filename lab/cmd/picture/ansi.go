package main

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// style is what the escape sequences have switched on.
type style struct {
	fg, bg                                  string // colour as SVG writes it, "" for the terminal's own
	bold, faint, italic, underline, reverse bool
}

// cellRun is text in one style that begins in a column.
type cellRun struct {
	column, width int
	text          string
	style         style
}

// parse splits a terminal's text into rows of runs. Styles go on over line
// ends; sequences other than colours are passed over.
func parse(text string) [][]cellRun {
	if text == "" {
		return nil
	}
	var rows [][]cellRun
	var st style
	for line := range strings.SplitSeq(text, "\n") {
		var row []cellRun
		row, st = parseLine(strings.TrimRight(line, "\r"), st)
		rows = append(rows, row)
	}
	return rows
}

func parseLine(line string, st style) ([]cellRun, style) {
	var row []cellRun
	column := 0
	for line != "" {
		if line[0] == '\x1b' {
			var codes string
			codes, line = sequence(line)
			if codes != "none" {
				st = apply(st, codes)
			}
			continue
		}
		end := strings.IndexByte(line, '\x1b')
		if end < 0 {
			end = len(line)
		}
		width := ansi.StringWidth(line[:end])
		row = append(row, cellRun{column, width, line[:end], st})
		column, line = column+width, line[end:]
	}
	return row, st
}

// sequence takes one escape sequence off line and returns the numbers of a
// colour sequence, or "none".
func sequence(line string) (codes, rest string) {
	body := line[1:]
	switch {
	case strings.HasPrefix(body, "["):
		end := strings.IndexFunc(body[1:], func(r rune) bool { return r >= '@' && r <= '~' })
		if end < 0 {
			return "none", ""
		}
		codes, final, rest := body[1:1+end], body[1+end], body[2+end:]
		if final != 'm' {
			codes = "none"
		}
		return codes, rest
	case strings.HasPrefix(body, "]"): // a link, up to BEL or ESC \
		if end := strings.IndexAny(body, "\a\x1b"); end >= 0 {
			return "none", strings.TrimPrefix(body[end+1:], `\`)
		}
		return "none", ""
	}
	// a character set: ESC ( B
	body = strings.TrimLeft(body, "()*+")
	return "none", body[min(1, len(body)):]
}

func apply(st style, codes string) style {
	nums := numbers(codes)
	for i := 0; i < len(nums); i++ {
		switch n := nums[i]; {
		case n == 0:
			st = style{}
		case n == 1:
			st.bold = true
		case n == 2:
			st.faint = true
		case n == 3:
			st.italic = true
		case n == 4:
			st.underline = true
		case n == 7:
			st.reverse = true
		case n == 22:
			st.bold, st.faint = false, false
		case n == 23:
			st.italic = false
		case n == 24:
			st.underline = false
		case n == 27:
			st.reverse = false
		case n == 39:
			st.fg = ""
		case n == 49:
			st.bg = ""
		case n == 38 || n == 48:
			color, used := extended(nums[i+1:])
			i += used
			if n == 38 {
				st.fg = color
			} else {
				st.bg = color
			}
		case n >= 30 && n <= 37:
			st.fg = palette(n - 30)
		case n >= 40 && n <= 47:
			st.bg = palette(n - 40)
		case n >= 90 && n <= 97:
			st.fg = palette(n - 90 + 8)
		case n >= 100 && n <= 107:
			st.bg = palette(n - 100 + 8)
		}
	}
	return st
}

func numbers(codes string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.ReplaceAll(codes, ":", ";"), ";") {
		n, err := strconv.Atoi(part)
		if err != nil {
			n = 0 // an empty number means 0
		}
		out = append(out, n)
	}
	return out
}

// extended reads "5;N" and "2;R;G;B" and says how many numbers it used.
func extended(nums []int) (color string, used int) {
	switch {
	case len(nums) >= 2 && nums[0] == 5:
		return palette(nums[1]), 2
	case len(nums) >= 4 && nums[0] == 2:
		return rgb(nums[1], nums[2], nums[3]), 4
	}
	return "", len(nums)
}
