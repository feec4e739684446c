package upgrade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/install"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
)

// Conf is the settings file that releases make demands of.
const Conf = "sentry/sentry.conf.py"

// StageDir is where the site is laid out as the hop will make it.
func StageDir(s *site.Site) string { return own(s, "stage") }

const stageID step.ID = "stage-site"

// stageSite lays the site out as the hop will make it, beside the one that
// serves: the release's files, with the admin's edits merged into them, and
// what the answers make of them. What cannot be merged stops here.
func stageSite() Step {
	return Step{
		ID: stageID, Title: "Merge your configuration with the release", Idempotent: true,
		Run: func(_ context.Context, e *Env) error {
			found, err := takeDigests(e.Site, func(string) bool { return false })
			if err != nil {
				return err
			}
			st := staging{env: e, dir: StageDir(e.Site) + ".new", own: names{}}
			if err := os.RemoveAll(st.dir); err != nil {
				return fmt.Errorf("clear half a stage: %w", err)
			}
			for _, do := range []func() error{st.merge, st.release, st.carry, st.extras, st.configure} {
				if err := do(); err != nil {
					return err
				}
			}
			if err := os.RemoveAll(StageDir(e.Site)); err != nil {
				return fmt.Errorf("replace the stage: %w", err)
			}
			if err := os.Rename(st.dir, StageDir(e.Site)); err != nil {
				return fmt.Errorf("replace the stage: %w", err)
			}
			return newStaged(found, st.own).write(e.Site)
		},
	}
}

// staging is one layout on its way.
type staging struct {
	env    *Env
	dir    string
	merged gate.Files
	own    names // the admin's files that the hop does not write
}

func (st *staging) base() string   { return st.env.Site.ReleaseDir(st.env.Hop.From) }
func (st *staging) theirs() string { return st.env.Site.ReleaseDir(st.env.Hop.To) }

func (st *staging) merge() error {
	base, err := st.tree(st.env.Hop.From, st.base())
	if err != nil {
		return err
	}
	theirs, err := st.tree(st.env.Hop.To, st.theirs())
	if err != nil {
		return err
	}
	merged, conflicts, err := gate.Carry(base, theirs, os.DirFS(st.env.Site.Dir), nil)
	if err != nil {
		return err
	}
	if len(conflicts) > 0 {
		return fault.New(fault.PreflightBlocked, "Bring your edit in line with the release's file, or take it back",
			"you and %s changed the same lines: %w", st.env.Hop.To, conflicts[0])
	}
	st.merged = merged
	return nil
}

// tree is a release with what the answers make of it.
func (st *staging) tree(v calver.Version, dir string) (gate.Tree, error) {
	files, err := st.env.Work.Render(v, os.DirFS(dir), nil)
	if err != nil {
		return gate.Tree{}, err
	}
	return gate.Tree{FS: os.DirFS(dir), Rendered: RenderedKeys(files)}, nil
}

// RenderedKeys are those of the rendered files into whose midst the answers
// are written. Others have a block for them, which a merge leaves out.
func RenderedKeys(files []install.File) gate.Files {
	out := gate.Files{}
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".yml") {
			out[f.Path] = f.Data
		}
	}
	return out
}

// release copies the tree, with what was merged, or what the admin has made of
// a file that cannot be merged.
func (st *staging) release() error {
	return walkFiles(st.theirs(), func(rel string, d fs.DirEntry) error {
		if merged, ok := st.merged[filepath.ToSlash(rel)]; ok {
			return st.put(rel, filepath.Join(st.theirs(), rel), merged)
		}
		from := st.theirs()
		if d.Type()&fs.ModeSymlink == 0 && st.edited(rel) {
			st.env.Sink.Emit(event.Notice{Level: "info", Text: "kept your " + rel + ", which differs from the release's"})
			from = st.env.Site.Dir
		}
		return copyFile(from, rel, st.dir)
	})
}

// edited tells that the site has a file that is not that of its release.
func (st *staging) edited(rel string) bool {
	have, err := os.ReadFile(st.env.Site.Path(rel))
	if err != nil {
		return false
	}
	was, err := os.ReadFile(filepath.Join(st.base(), rel))
	return err != nil || !bytes.Equal(have, was)
}

// carry writes what was merged and has no file of that name in the tree: what
// is made from examples, and edited files that the release does not have.
func (st *staging) carry() error {
	for path, data := range st.merged {
		rel := filepath.FromSlash(path)
		if present(filepath.Join(st.dir, rel)) {
			continue
		}
		if err := st.put(rel, st.env.Site.Path(rel), data); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file with the mode of another.
func (st *staging) put(rel, like string, data []byte) error {
	info, err := os.Stat(like)
	if err != nil {
		return fmt.Errorf("look at %s: %w", like, err)
	}
	return site.WriteFile(filepath.Join(st.dir, rel), data, info.Mode().Perm())
}

// extras are the admin's own files. They are linked: nobody writes into them.
func (st *staging) extras() error {
	return walkFiles(st.env.Site.Dir, func(rel string, d fs.DirEntry) error {
		if present(filepath.Join(st.base(), rel)) || present(filepath.Join(st.dir, rel)) || !(d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0) {
			return nil
		}
		st.own[rel] = true
		to := filepath.Join(st.dir, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("make directory for %s: %w", to, err)
		}
		if d.Type().IsRegular() && os.Link(st.env.Site.Path(rel), to) == nil {
			return nil
		}
		return copyFile(st.env.Site.Dir, rel, st.dir)
	})
}

// configure writes what the answers say, and what the release demands of
// settings that an older one left behind.
func (st *staging) configure() error {
	e, applied := st.env, filepath.FromSlash(config.AppliedPath)
	if present(e.Site.Path(applied)) {
		if err := copyFile(e.Site.Dir, applied, st.dir); err != nil {
			return err
		}
	}
	files, err := e.Work.Render(e.Hop.To, os.DirFS(st.theirs()), os.DirFS(st.dir))
	if err != nil {
		return err
	}
	for _, f := range files {
		delete(st.own, filepath.FromSlash(f.Path))
		if err := site.WriteFile(filepath.Join(st.dir, filepath.FromSlash(f.Path)), f.Data, f.Mode); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(filepath.Join(st.dir, Conf))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the merged configuration: %w", err)
	}
	out, changed, err := config.Amend(e.Hop.To, data)
	if err != nil {
		return err
	}
	if more, ok := readThrough(e.Hop, out); ok {
		out, changed = more, append(changed, "nodestore-read-through")
	}
	if len(changed) == 0 {
		return nil
	}
	e.Sink.Emit(event.Notice{Level: "info", Text: "changed in your " + Conf + " as " + e.Hop.To.String() + " needs it: " + strings.Join(changed, ", ")})
	delete(st.own, Conf)
	return st.put(Conf, filepath.Join(st.dir, Conf), out)
}
