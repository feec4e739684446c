package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Command gets the notice as JSON on its stdin.
type Command struct {
	Run []string `yaml:"run"`
	On  When     `yaml:"on"`
}

// Name says what it is.
func (c Command) Name() string { return "command" }
func (c Command) when() When   { return c.On }

func (c Command) check() error {
	if len(c.Run) == 0 || !filepath.IsAbs(c.Run[0]) {
		return errors.New("run needs a program with its whole path")
	}
	return nil
}

func (c Command) send(ctx context.Context, n Notice) error {
	in, err := json.Marshal(n)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.Run[0], c.Run[1:]...)
	cmd.Stdin = bytes.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", c.Run[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
