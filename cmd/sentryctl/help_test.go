package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// exitCode says how a process ended, as a script writes it.
func exitCode(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

// TestHelp compares the help of every command that a person can see with
// testdata/help; -update writes it.
func TestHelp(t *testing.T) {
	root := newRootCmd(newApp(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	walk(root, func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		t.Run(path, func(t *testing.T) {
			golden := filepath.Join("testdata", "help", strings.ReplaceAll(path, " ", "-")+".txt")
			compare(t, golden, help(t, path))
		})
	})
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			walk(c, visit)
		}
	}
}

func help(t *testing.T, path string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	args := append(strings.Fields(path)[1:], "--help")
	if code := newApp(strings.NewReader(""), &out, &complaints).run(context.Background(), args); code != 0 {
		t.Fatalf("%s --help: exit code %d: %s", path, code, &complaints)
	}
	return out.String()
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if update() {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; to write it: go test ./cmd/sentryctl -run TestHelp -update", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (- want, + got); to accept: go test ./cmd/sentryctl -update\n%s", golden, d)
	}
}
