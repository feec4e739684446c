package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Choose asks for one of some words, one line each way. A word may be cut
// short to its first letter; an empty answer means the last word, and so does
// the end of the input or a third answer that is none.
func Choose(ctx context.Context, in io.Reader, out io.Writer, question string, words ...string) (string, error) {
	last := words[len(words)-1]
	r := bufio.NewReader(in)
	for range 3 {
		if _, err := fmt.Fprintf(out, "%s [%s] ", question, strings.Join(words, "/")); err != nil {
			return "", fmt.Errorf("ask: %w", err)
		}
		answer, err := readLine(ctx, r)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", err)
		}
		answer = strings.ToLower(strings.TrimSpace(answer))
		if answer == "" {
			if errors.Is(err, io.EOF) {
				fmt.Fprintln(out)
			}
			return last, nil
		}
		for _, w := range words {
			if answer == w || answer == w[:1] {
				return w, nil
			}
		}
		if _, err := fmt.Fprintf(out, "Answer %s.\n", strings.Join(words, ", ")); err != nil {
			return "", fmt.Errorf("ask: %w", err)
		}
	}
	return last, nil
}
