// Command picture turns the text of a terminal, as `tmux capture-pane -e -p`
// writes it, into an SVG for the documentation. It reads stdin and writes
// stdout.
//
//	tmux capture-pane -e -p -t SESSION | go run ./lab/cmd/picture -title 'sentryctl install' > docs/img/install.svg
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	title := flag.String("title", "sentryctl", "text in the window's frame, read out by screen readers")
	columns := flag.Int("columns", 80, "least width in columns")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *title, *columns); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, title string, columns int) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the terminal's text: %w", err)
	}
	rows := parse(strings.TrimRight(string(text), " \n"))
	if len(rows) == 0 {
		return fmt.Errorf("the terminal's text is empty")
	}
	if _, err := io.WriteString(out, draw(rows, title, columns)); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}
