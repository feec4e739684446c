package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

func newAdminCmd(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "admin [--site DIR] COMMAND [ARGUMENT…]",
		Short: "Run any command of sentry itself",
		Long: `Run any command of sentry itself, in a web container of its own, with this
terminal's input and output. The exit code is the command's. Options of
sentryctl stand before the command; all that follows is the command's.

Files are those of the container: let a command read "-" or write "-" to use
this terminal's streams.`,
		Example: `  sentryctl admin createuser
  sentryctl admin help
  sentryctl admin permissions list --user ann@example.com
  echo 'print(1 + 1)' | sentryctl admin exec`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAdmin(cmd.Context(), dir, args) },
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringVar(&dir, "site", site.DefaultDir, "directory of the installation")
	return cmd
}

func (a *app) runAdmin(ctx context.Context, dir string, args []string) error {
	s, rec, err := site.Open(dir)
	if err != nil {
		return err
	}
	// A shell may stay open for days, so the lock is only tried: stores that an
	// upgrade has stopped must not be started under it.
	unlock, err := s.Lock("sentryctl admin --site " + s.Dir)
	if err != nil {
		return err
	}
	if err := unlock(); err != nil {
		return err
	}
	sentry, closeEngine, err := openSentry(ctx, s, rec, event.Discard{})
	if err != nil {
		return err
	}
	defer closeEngine()
	streams, restore, err := a.terminal(ctx)
	if err != nil {
		return err
	}
	// Several may run at once, each under a name of its own.
	code, err := sentry.Run(ctx, fmt.Sprintf("admin-%d", os.Getpid()), args, streams)
	restore()
	if err != nil {
		return err
	}
	if code != 0 {
		return fault.New(fault.Code(code), "", "sentry %s ended with exit code %d", args[0], code)
	}
	return nil
}

// terminal connects this process's streams: as a terminal where both ends are
// one, so that shells and questions work, else as they are.
func (a *app) terminal(ctx context.Context) (workload.Streams, func(), error) {
	streams := workload.Streams{In: a.stdin, Out: a.stdout, Err: a.stderr}
	in, is := a.stdin.(*os.File)
	if !is || !isTerminal(a.stdin) || !isTerminal(a.stdout) {
		return streams, func() {}, nil
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return streams, nil, fmt.Errorf("set up the terminal: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	streams.Sizes = watchSize(ctx, int(in.Fd()))
	return streams, func() {
		cancel()
		_ = term.Restore(int(in.Fd()), before)
	}, nil
}

// watchSize tells the terminal's size, now and whenever it changes.
func watchSize(ctx context.Context, fd int) <-chan workload.Size {
	sizes, changed := make(chan workload.Size), make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		defer signal.Stop(changed)
		for {
			if w, h, err := term.GetSize(fd); err == nil {
				select {
				case sizes <- workload.Size{Width: w, Height: h}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return sizes
}
