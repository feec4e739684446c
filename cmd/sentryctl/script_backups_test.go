package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// backups writes backups of a site that has one file.
func backups(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: backups REPO PASSWORD-FILE PROJECT ID…")
	}
	ts.Check(writeBackups(ts.MkAbs(args[0]), strings.TrimSpace(ts.ReadFile(args[1])), args[2], args[3:]))
}

func writeBackups(repo, password, project string, ids []string) (err error) {
	dir, err := os.MkdirTemp("", "sentryctl-script-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, err := repository.ParseTarget(repo)
	if err != nil {
		return err
	}
	ctx := context.Background()
	rep, err := repository.Open(ctx, repository.Access{Target: t, Password: password, Dir: filepath.Join(dir, "cache")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rep.Close(ctx)) }()
	for _, id := range ids {
		if err := writeBackup(ctx, rep, project, id); err != nil {
			return err
		}
	}
	return nil
}

func writeBackup(ctx context.Context, rep *repository.Repository, project, id string) error {
	id, damaged := strings.CutSuffix(id, "!")
	tags := map[string]string{capture.SetTag: id}
	files, err := rep.Write(ctx, repository.Options{Source: repository.Source{Site: project, Path: "/site"}, Tags: tags,
		Files: []repository.File{{Path: "made", Mode: 0o600, Data: []byte(id)}}})
	if err != nil {
		return err
	}
	m := backup.Manifest{Set: id, Site: project, Version: "25.10.0", Mode: backup.Precopy, SiteFiles: backup.Saved{Snapshot: files.ID, Root: files.Root}}
	text, err := m.Encode()
	if err != nil {
		return err
	}
	if damaged {
		text = text[:len(text)/2]
	}
	_, err = rep.Write(ctx, repository.Options{Source: repository.Source{Site: project, Path: "/manifest"}, Tags: tags, Commit: true,
		Files: []repository.File{{Path: "manifest.json", Mode: 0o600, Data: text}}})
	return err
}
