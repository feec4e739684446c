package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Confirm asks a yes-or-no question on a terminal, one line each way, so that
// it also works over a bad line and with a screen reader. An empty answer
// means def; the end of the input means no. A cancelled ctx ends the wait.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string, def bool) (bool, error) {
	choices := "[y/N]"
	if def {
		choices = "[Y/n]"
	}
	r := bufio.NewReader(in)
	for range 3 {
		if _, err := fmt.Fprintf(out, "%s %s ", question, choices); err != nil {
			return false, fmt.Errorf("ask: %w", err)
		}
		answer, err := readLine(ctx, r)
		if errors.Is(err, io.EOF) && answer == "" {
			fmt.Fprintln(out)
			return false, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", err)
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "":
			return def, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
		if _, err := fmt.Fprintln(out, "Answer y or n."); err != nil {
			return false, fmt.Errorf("ask: %w", err)
		}
	}
	return false, nil
}

// readLine reads in the background: a read from a terminal cannot be broken
// off. The goroutine ends with the next line or with the process.
func readLine(ctx context.Context, r *bufio.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		l, err := r.ReadString('\n')
		got <- result{l, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case g := <-got:
		return g.line, g.err
	}
}
