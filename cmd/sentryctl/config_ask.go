package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// maxSecret bounds a secret: the longest is a private key.
const maxSecret = 64 << 10

// readSecret takes a secret from where the flags say, else asks on a terminal,
// else reads standard input. Its last line end is not part of it.
func (a *app) readSecret(o configSetOptions, key string) (string, error) {
	var value string
	switch {
	case o.fromEnv != "":
		value = a.getenv(o.fromEnv)
		if value == "" {
			return "", fault.New(fault.Usage, "Export it first, or use --from-file", "variable %s is not set", o.fromEnv)
		}
		return value, nil
	case o.fromFile != "":
		f, err := os.Open(o.fromFile)
		if err != nil {
			return "", fault.New(fault.Usage, "Name a file that you may read", "the secret %s cannot be read: %w", key, err)
		}
		defer f.Close()
		return secretFrom(f, key)
	case isTerminal(a.stdin):
		return a.promptSecret(key)
	}
	return secretFrom(a.stdin, key)
}

func secretFrom(r io.Reader, key string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return "", fault.New(fault.Usage, "Name a file that you may read", "the secret %s cannot be read: %w", key, err)
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case len(b) > maxSecret:
		return "", fault.New(fault.Usage, "Give the secret alone", "the secret %s is larger than %d kB", key, maxSecret>>10)
	case value == "":
		return "", fault.New(fault.Usage, "Use --from-file or --from-env, or write it to standard input", "no value came for the secret %s", key)
	}
	return value, nil
}

// promptSecret asks without showing what is typed.
func (a *app) promptSecret(key string) (string, error) {
	f, ok := a.stdin.(*os.File)
	if !ok {
		return secretFrom(a.stdin, key)
	}
	fmt.Fprintf(a.stderr, "%s (not shown): ", key)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(a.stderr)
	if err != nil {
		return "", fmt.Errorf("the secret %s cannot be read: %w", key, err)
	}
	return secretFrom(strings.NewReader(string(b)), key)
}
