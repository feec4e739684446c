package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes in SVG units; a cell is as wide as most monospace fonts at this size.
const (
	fontSize   = 14
	cellWidth  = 8.4
	cellHeight = 18
	padding    = 16
	frame      = 34 // the window's title bar

	foreground = "#d4d7dd"
	background = "#16181d"
)

// sixteen are the colours of a terminal theme that reads well on a dark ground.
var sixteen = [...]string{
	"#3b4048", "#f26d78", "#8cc570", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d4d7dd",
	"#6b7280", "#ff8b94", "#a5d98b", "#f0d197", "#82c4ff", "#d99bee", "#7bd0db", "#ffffff",
}

// palette returns a colour of the 256 that terminals number.
func palette(n int) string {
	switch {
	case n >= 0 && n < len(sixteen):
		return sixteen[n]
	case n >= 16 && n < 232:
		n -= 16
		level := func(i int) int { return []int{0, 95, 135, 175, 215, 255}[i] }
		return rgb(level(n/36), level(n/6%6), level(n%6))
	case n >= 232 && n < 256:
		gray := 8 + 10*(n-232)
		return rgb(gray, gray, gray)
	}
	return ""
}

func rgb(r, g, b int) string { return fmt.Sprintf("#%02x%02x%02x", r&0xff, g&0xff, b&0xff) }

// draw returns the picture of a window with these rows.
func draw(rows [][]cellRun, title string, columns int) string {
	for _, row := range rows {
		for _, r := range row {
			columns = max(columns, r.column+r.width)
		}
	}
	width := 2*padding + cellWidth*float64(columns)
	height := frame + 2*padding + cellHeight*len(rows)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %d" width="%.0f" height="%d" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	for i, color := range []string{"#f26d78", "#e5c07b", "#8cc570"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="5" fill="%s"/>`+"\n", padding+4+18*i, frame/2+2, color)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d" fill="%s" xml:space="preserve">`+"\n", fontSize, foreground)
	fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" opacity="0.6">%s</text>`+"\n", width/2, frame/2+7, html.EscapeString(title))
	for i, row := range rows {
		for _, r := range row {
			drawRun(&b, r, frame+padding+cellHeight*i)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// drawRun gives every run its own place and length, so that columns stay
// columns whatever font the reader has.
func drawRun(b *strings.Builder, r cellRun, top int) {
	fg, bg := r.style.fg, r.style.bg
	if r.style.reverse {
		fg, bg = or(bg, background), or(fg, foreground)
	}
	x, width := padding+cellWidth*float64(r.column), cellWidth*float64(r.width)
	if bg != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, top, width, cellHeight, bg)
	}
	text := strings.TrimLeft(r.text, " ")
	lead := len(r.text) - len(text)
	x, width = x+cellWidth*float64(lead), width-cellWidth*float64(lead)
	trimmed := strings.TrimRight(text, " ")
	width -= cellWidth * float64(len(text)-len(trimmed))
	if trimmed == "" {
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n", x, top+fontSize, width, attributes(r.style, fg), html.EscapeString(trimmed))
}

func attributes(s style, fg string) string {
	var out strings.Builder
	if fg != "" {
		fmt.Fprintf(&out, ` fill="%s"`, fg)
	}
	if s.bold {
		out.WriteString(` font-weight="bold"`)
	}
	if s.faint {
		out.WriteString(` opacity="0.55"`)
	}
	if s.italic {
		out.WriteString(` font-style="italic"`)
	}
	if s.underline {
		out.WriteString(` text-decoration="underline"`)
	}
	return out.String()
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
