package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/workload"
)

func (l *lateStack) Unpause(ctx context.Context, services ...string) error {
	return l.with(ctx, func(s *stack.Stack) error { return s.Unpause(ctx, services...) })
}

func (l *lateStack) Start(ctx context.Context, services ...string) error {
	return l.with(ctx, func(s *stack.Stack) error { return s.Start(ctx, services...) })
}

func (l *lateStack) Status(ctx context.Context) (list []workload.Status, err error) {
	err = l.with(ctx, func(s *stack.Stack) error {
		list, err = s.Status(ctx)
		return err
	})
	return list, err
}

// resumeBackup lets the services go on that a backup has left at rest. What it
// has read is in the repository, and the next backup builds upon it.
func (a *app) resumeBackup(ctx context.Context, s *site.Site, run string) error {
	unlock, err := s.Lock("sentryctl resume --site " + s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := wakeSite(ctx, s); err != nil {
		return err
	}
	if err := finishRun(s, run); err != nil {
		return err
	}
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type string `json:"type"`
			Next string `json:"next"`
		}{"result", "sentryctl backup"})
	}
	_, err = fmt.Fprintln(a.stdout, "All services go on. Make the backup again with: sentryctl backup")
	return err
}

var _ backup.Waker = (*lateStack)(nil)

// withoutSecrets is the environment without what opens repositories: the guard
// reaches the Engine only.
func withoutSecrets(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"SENTRYCTL_BACKUP_", "SENTRYCTL_SFTP_", "SENTRYCTL_WEBDAV_", "AWS_", "AZURE_", "B2_", "GOOGLE_", "RCLONE_"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return false
	})
}
