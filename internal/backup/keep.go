package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
)

func (e *Env) volumes() []Volume {
	all := append([]Volume{}, e.manifest.Omitted...)
	for _, v := range e.manifest.Volumes {
		all = append(all, v.Volume)
	}
	return all
}

// keep puts what was captured into the manifest.
func (e *Env) keep(s *session) error {
	got := map[string]capture.Taken{}
	for _, v := range s.final.Volumes {
		got[v.Name] = v
		e.manifest.Added += v.Added
	}
	for _, d := range s.drafts {
		for _, v := range d.Volumes {
			e.manifest.Added += v.Added
		}
	}
	e.taken = map[string]repository.Attributes{}
	for i, v := range e.manifest.Volumes {
		t, have := got[v.Name]
		if !have {
			return fmt.Errorf("the helper says nothing of volume %s", v.Name)
		}
		e.manifest.Volumes[i].Saved = Saved{Snapshot: t.Snapshot, Root: t.Root, Bytes: t.Bytes, Files: t.Files}
		e.manifest.Volumes[i].Skipped = t.Attributes.Skipped
		e.taken[v.Name] = t.Attributes
		e.lacks("volume "+v.Name, t.Unread)
		e.manifest.Bytes += t.Bytes
		e.manifest.Files += t.Files
	}
	return nil
}

// lacks says in the manifest, and to whoever listens, what could not be read.
func (e *Env) lacks(of string, unread []string) {
	if len(unread) == 0 {
		return
	}
	text := fmt.Sprintf("%d files of %s cannot be read and are not in the backup, the first is %s", len(unread), of, unread[0])
	e.Sink.Emit(event.Notice{Level: "warn", Text: text, Hint: "Make the backup as a user who may read them, or look at the disk"})
	e.flaws = append(e.flaws, text)
	e.manifest.Guarantees = strings.Join(e.flaws, ". ")
}

// The sources of a backup's snapshots besides those of volumes, and the files
// of the manifest's.
const (
	manifestPath = "/manifest"
	sitePath     = "/site"
	manifestFile = "manifest.json"
	composeFile  = "compose.yml"
	attributeDir = "attributes"
)

func attributeFile(volume string) string { return path.Join(attributeDir, volume+".json") }

// leftOut are files of the site that a backup has no use for: what belongs to
// this machine and this moment.
func leftOut(p string) bool {
	for _, own := range []string{".sentryctl/lock", ".sentryctl/backup", ".sentryctl/runs", ".sentryctl/checkpoint", ".sentryctl/upgrade", ".sentryctl/failed"} {
		if p == own || strings.HasPrefix(p, own+"/") {
			return true
		}
	}
	return false
}

// writeManifest saves the site's files and then, as the commit point, the
// manifest.
func writeManifest() Step {
	return Step{
		ID: "write-manifest", Title: "Write the manifest", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *Env) (err error) {
			rep, err := repository.Open(ctx, e.Access)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, rep.Close(context.WithoutCancel(ctx))) }()
			return e.commit(ctx, rep)
		},
	}
}

func (e *Env) commit(ctx context.Context, rep *repository.Repository) error {
	tags := map[string]string{capture.SetTag: e.Set}
	files, err := rep.Write(ctx, repository.Options{
		Source: repository.Source{Site: e.Record.Project, Path: sitePath}, Dir: e.Site.Dir, Exclude: leftOut, Tags: tags, Moving: true,
	})
	if err != nil {
		return err
	}
	e.lacks("the site", files.Unread)
	e.taken[sitePath] = files.Attributes
	m := &e.manifest
	m.SiteFiles = Saved{Snapshot: files.ID, Root: files.Root, Bytes: files.Bytes, Files: files.Files}
	m.Added += files.Added
	m.Set, m.Site, m.Version, m.Tool, m.Profile = e.Set, e.Record.Project, e.Record.Version.String(), e.Tool, e.Profile
	if m.Images, m.Digests, err = e.Stack.ImageIDs(ctx); err != nil {
		return err
	}
	m.Ended = e.Now().UTC()
	list, err := e.manifestFiles()
	if err != nil {
		return err
	}
	_, err = rep.Write(ctx, repository.Options{
		Source: repository.Source{Site: e.Record.Project, Path: manifestPath}, Files: list, Tags: tags, Description: e.Description, Commit: true,
	})
	return err
}

func (e *Env) manifestFiles() ([]repository.File, error) {
	text, err := e.manifest.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	compose, err := e.Stack.Rendered()
	if err != nil {
		return nil, err
	}
	list := []repository.File{{Path: manifestFile, Mode: 0o600, Data: text}, {Path: composeFile, Mode: 0o600, Data: compose}}
	for name, attrs := range e.taken {
		if attrs.Empty() {
			continue
		}
		data, err := json.Marshal(attrs)
		if err != nil {
			return nil, fmt.Errorf("encode attributes of %s: %w", name, err)
		}
		list = append(list, repository.File{Path: attributeFile(strings.TrimPrefix(name, "/")), Mode: 0o600, Data: data})
	}
	return list, nil
}
