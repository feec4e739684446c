// Package capture owns what a helper container does for a backup: read the
// volumes that it mounts into the repository, and write a repository's trees
// back into volumes. It is told what to do on its input and answers in lines
// of JSON; both sides of that talk stand here. It decides nothing.
package capture

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/priority"
)

// Request is the first line that a helper hears. It holds secrets and is never
// written anywhere.
type Request struct {
	Access  repository.Access `json:"access"`
	Roots   string            `json:"roots,omitempty"` // certificates to trust, PEM: the image has none
	Site    string            `json:"site"`
	Set     string            `json:"set"`
	Volumes []Volume          `json:"volumes"`
	// Drafts is how often at most to go over the volumes before saying that all
	// is ready and waiting for the word to take them as they are.
	Drafts int `json:"drafts"`
	// Moving lets files change while the last pass reads them.
	Moving bool `json:"moving,omitempty"`
	Force  bool `json:"force,omitempty"` // whatever room there is
	// Twice refuses volumes whose own disks have no room to restore them beside what is in use.
	Twice bool `json:"twice,omitempty"`
	// Priority is for as long as nothing rests.
	Priority priority.Priority `json:"priority"`
}

// Volume is one directory to read. Name is its name in the repository.
type Volume struct {
	Name string `json:"name"`
	Dir  string `json:"dir"`
}

// brief is a draft after which another one is not worth its time: what has
// changed meanwhile is little, and the last pass reads it anyway.
const brief = 10 * time.Second

// Go is the word that starts the last pass.
const Go = "go\n"

// Path is the source of a volume's snapshots.
func Path(volume string) string { return "/volumes/" + volume }

// SetTag is the tag that ties the snapshots of one backup together.
const SetTag = "set"

// Report is one line that a helper says. One of its fields is set.
type Report struct {
	Warning  string    `json:"warning,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Draft    *Pass     `json:"draft,omitempty"`
	Ready    bool      `json:"ready,omitempty"`
	Final    *Pass     `json:"final,omitempty"`
	Restored *Progress `json:"restored,omitempty"`
}

// Progress is how far the work on a volume is.
type Progress struct {
	Volume string `json:"volume"`
	Done   int64  `json:"done"` // bytes
	Total  int64  `json:"total,omitempty"`
}

// Pass is one time through all volumes.
type Pass struct {
	Volumes []Taken       `json:"volumes"`
	Took    time.Duration `json:"took_ns"`
}

// Taken is one volume in the repository.
type Taken struct {
	Name       string                `json:"name"`
	Snapshot   string                `json:"snapshot"`
	Root       string                `json:"root"`
	Bytes      int64                 `json:"bytes"`
	Files      int64                 `json:"files"`
	Read       int64                 `json:"read"`
	Added      int64                 `json:"added"`
	Unread     []string              `json:"unread,omitempty"` // files that are there and could not be read, with why
	Attributes repository.Attributes `json:"attributes"`
}

// Read is what a pass had to read, in bytes.
func (p Pass) Read() (n int64) {
	for _, v := range p.Volumes {
		n += v.Read
	}
	return n
}

// Files is how many files a pass went through.
func (p Pass) Files() (n int64) {
	for _, v := range p.Volumes {
		n += v.Files
	}
	return n
}

// Run captures: drafts, the word, the last pass. It ends early, and leaves
// drafts that the next run makes use of, when in ends before the word.
func Run(ctx context.Context, req Request, in io.Reader, say func(Report)) error {
	if err := trust(req.Roots); err != nil {
		return err
	}
	if req.Priority.Low() {
		warn(say, req.Priority.Take())
	}
	if req.Twice {
		if err := roomBeside(ctx, req.Volumes); err != nil {
			return err
		}
	}
	rep, err := repository.Open(ctx, req.Access)
	if err != nil {
		return err
	}
	defer rep.Close(context.WithoutCancel(ctx))
	if !req.Force {
		if err := roomToCapture(ctx, rep, req); err != nil {
			return err
		}
	}
	c := capturing{rep: rep, req: req, say: say, drafts: map[string]repository.Snapshot{}}
	for range req.Drafts {
		pass, err := c.pass(ctx, true)
		if err != nil {
			return err
		}
		say(Report{Draft: &pass})
		if pass.Took < brief {
			break
		}
	}
	if req.Priority.Low() && !req.Moving {
		warn(say, priority.Priority{}.Take()) // services rest from now on
	}
	say(Report{Ready: true})
	word := make([]byte, len(Go))
	if _, err := io.ReadFull(in, word); err != nil {
		return fmt.Errorf("wait for the word to go on: %w", err)
	}
	pass, err := c.pass(ctx, false)
	if err != nil {
		return err
	}
	say(Report{Final: &pass})
	if err := c.forgetDrafts(ctx); err != nil || !req.Twice {
		return err
	}
	return roomBeside(ctx, req.Volumes) // what was written may have taken it
}

func warn(say func(Report), err error) {
	if err != nil {
		say(Report{Warning: err.Error()})
	}
}

// capturing is one run.
type capturing struct {
	rep    *repository.Repository
	req    Request
	say    func(Report)
	drafts map[string]repository.Snapshot // the newest of each volume
	old    []string                       // drafts of this run
}

func (c *capturing) pass(ctx context.Context, draft bool) (Pass, error) {
	begin := time.Now()
	var p Pass
	for _, v := range c.req.Volumes {
		w, err := c.rep.Write(ctx, c.options(v, draft))
		if err != nil {
			return p, err
		}
		if w.Draft {
			c.drafts[v.Name] = w.Snapshot
			c.old = append(c.old, w.ID)
		}
		taken := Taken{Name: v.Name, Snapshot: w.ID, Root: w.Root, Bytes: w.Bytes, Files: w.Files, Read: w.Read, Added: w.Added, Unread: w.Unread}
		if !draft {
			taken.Attributes = w.Attributes
		}
		p.Volumes = append(p.Volumes, taken)
	}
	p.Took = time.Since(begin)
	return p, nil
}

func (c *capturing) options(v Volume, draft bool) repository.Options {
	o := repository.Options{
		Source: repository.Source{Site: c.req.Site, Path: Path(v.Name)}, Dir: v.Dir,
		Tags: map[string]string{SetTag: c.req.Set}, Draft: draft, Moving: c.req.Moving,
		Progress: func(p repository.Progress) { c.say(Report{Progress: &Progress{Volume: v.Name, Done: p.Bytes}}) },
	}
	if last, have := c.drafts[v.Name]; have {
		o.Previous = []repository.Snapshot{last}
	}
	return o
}

// forgetDrafts removes the drafts of this run and of runs that ended early.
func (c *capturing) forgetDrafts(ctx context.Context) error {
	for _, v := range c.req.Volumes {
		list, err := c.rep.List(ctx, repository.Source{Site: c.req.Site, Path: Path(v.Name)})
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.Draft && s.Tags[SetTag] != c.req.Set {
				c.old = append(c.old, s.ID)
			}
		}
	}
	return c.rep.Delete(ctx, c.old...)
}
