package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
)

// guardDone is what a guard hears when services went on without it. The mere
// end of its input means that the backup died.
const guardDone = "done"

func newBackupGuardCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:    "guard",
		Short:  "Let services go on when the backup that lets them rest dies",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return a.runBackupGuard(cmd.Context(), dir) },
	}
	cmd.Flags().StringVar(&dir, "site", site.DefaultDir, "directory of the installation")
	return cmd
}

func (a *app) runBackupGuard(ctx context.Context, dir string) error {
	heard, err := io.ReadAll(a.stdin)
	if err == nil && string(heard) == guardDone {
		return nil
	}
	s, _, err := site.Open(dir)
	if err != nil {
		return err
	}
	// Who ends the backup may have told all its processes to end.
	return wakeSite(context.WithoutCancel(ctx), s)
}

// wakeSite lets the services of a site go on that a backup has left at rest.
func wakeSite(ctx context.Context, s *site.Site) error {
	ctx, cancel := context.WithTimeout(ctx, backup.WakeLimit)
	defer cancel()
	return backup.Wake(ctx, s, &lateStack{dir: s.Dir})
}

// lateStack connects each time that it is asked, as the Engine may be away.
type lateStack struct{ dir string }

func (l *lateStack) with(ctx context.Context, do func(*stack.Stack) error) error {
	engine, err := stack.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	project, err := stack.Load(ctx, stack.LoadOptions{Dir: l.dir})
	if err != nil {
		return err
	}
	return do(engine.Stack(project, event.Discard{}))
}

// startGuard starts this program anew as a process that outlives this one: a
// session of its own, and a pipe that ends when this process does.
func startGuard(s *site.Site) (release func() error, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	log, err := os.OpenFile(s.Own("backup", "guard.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the guard's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(program, "backup", "guard", "--site", s.Dir)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = withoutSecrets(os.Environ())
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		if _, err := io.WriteString(in, guardDone); err != nil {
			return fmt.Errorf("tell the guard that all is well: %w", err)
		}
		in.Close()
		_ = cmd.Wait() // what it did stands in its log
		return nil
	}, nil
}
