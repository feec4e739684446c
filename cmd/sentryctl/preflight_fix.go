package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// repair offers one repair after the other, and looks again after each: an
// Engine that runs now lets more be seen. No repair is offered twice.
func (e *examination) repair(ctx context.Context, yes bool) error {
	offered := map[preflight.FixID]bool{}
	for {
		fix, found := e.next(offered)
		if !found {
			return e.sayNothingLeft(len(offered))
		}
		offered[fix.ID] = true
		if !e.facts.Host.Root {
			return fault.New(fault.Usage, "Run it as root: sudo sentryctl preflight --fix", "%s needs root", fix.ID)
		}
		agreed, err := e.agree(ctx, fix, yes)
		if err != nil {
			return err
		}
		if !agreed {
			continue
		}
		if err := fix.Apply(ctx, hostRunner{out: e.app.stderr}); err != nil {
			return fault.New(fault.Other, "Mend the cause that stands above, then run the same command again", "%w", err).WithDoc("docs/preflight.md#" + string(fix.Check))
		}
		if fix.Check == "engine-reachable" {
			waitForEngine(ctx)
		}
		e.look(ctx)
	}
}

func (e *examination) next(offered map[preflight.FixID]bool) (preflight.Fix, bool) {
	for _, fix := range preflight.PlanFixes(e.facts, e.plan.target, e.report) {
		if !offered[fix.ID] {
			return fix, true
		}
	}
	return preflight.Fix{}, false
}

func (e *examination) sayNothingLeft(offered int) error {
	if offered > 0 {
		return nil
	}
	_, err := fmt.Fprintln(e.app.stderr, "There is nothing that --fix could repair.")
	return err
}

// agree shows what would be done and asks.
func (e *examination) agree(ctx context.Context, fix preflight.Fix, yes bool) (bool, error) {
	fmt.Fprintf(e.app.stderr, "%s:\n", fix.Title)
	for _, a := range fix.Actions {
		fmt.Fprintf(e.app.stderr, "  # %s\n", a)
	}
	if yes {
		return true, nil
	}
	return e.app.confirm(ctx, fix.Title+" now?", false)
}

// engineStart is how long a daemon that has just been started may take.
const engineStart = 30 * time.Second

// waitForEngine returns when the Engine answers, or has had its time: the
// checks then say so.
func waitForEngine(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, engineStart)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		engine, err := stack.Connect(ctx)
		if err == nil {
			engine.Close()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// hostRunner carries out actions on this machine. What a command says goes to
// out.
type hostRunner struct {
	out io.Writer
}

var _ preflight.Runner = hostRunner{}

func (r hostRunner) Run(ctx context.Context, a preflight.Action) error {
	if a.File != "" {
		return appendLine(a.File, a.Line)
	}
	cmd := exec.CommandContext(ctx, a.Command[0], a.Command[1:]...)
	cmd.Stdout, cmd.Stderr = r.out, r.out
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd.Run()
}

// appendLine adds a line to a file, unless it stands there already.
func appendLine(path, line string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for have := range bytes.Lines(data) {
		if string(bytes.TrimSpace(have)) == line {
			return nil
		}
	}
	text := line + "\n"
	if len(data) > 0 && data[len(data)-1] != '\n' {
		text = "\n" + text
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
