package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/priority"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// captureVolumes reads the volumes: drafts while all run, then, while the
// writers rest, what changed since. Services go on as soon as the last pass is
// over, and also when anything goes wrong.
func captureVolumes() Step {
	return Step{
		ID: "capture-volumes", Title: "Copy the volumes", Idempotent: true, Always: true,
		Run: func(ctx context.Context, e *Env) error {
			e.manifest.Begun = e.Now().UTC()
			if err := e.sweepLaid(ctx); err != nil {
				return err
			}
			bounded, cancel := context.WithCancel(ctx)
			defer cancel()
			hears, speaks := io.Pipe()
			defer speaks.Close()
			s := &session{env: e, ctx: bounded, cancel: cancel, word: speaks}
			if e.Mode == Hot && len(e.running) > 0 {
				e.Sink.Emit(event.Notice{Level: "warn", Text: e.Mode.Guarantees()})
				s.stop = e.Watch(bounded)
				defer func() { _ = e.sweepLaid(context.WithoutCancel(ctx)) }() // what stays is swept by the next backup
				if err := e.layDown(ctx); err != nil {
					return err
				}
			}
			t, err := e.helper(hears, s.hear)
			if err != nil {
				return err
			}
			err = e.Stack.Talk(bounded, t)
			if wakeErr := s.wake(context.WithoutCancel(ctx)); wakeErr != nil {
				return errors.Join(wakeErr, err)
			}
			return s.result(ctx, err)
		},
	}
}

// The places in a helper container.
const (
	helperName       = "backup"
	helperRepository = "/repository"
	helperWork       = "/tmp/backup"
	helperVolumes    = "/volumes/"
)

// helper says what to run and what it hears first.
func (e *Env) helper(word io.Reader, line func([]byte)) (workload.Talk, error) {
	t := workload.Talk{Helper: workload.Helper{Name: helperName, Args: []string{"capture"}}, Line: line}
	req := capture.Request{Roots: e.Roots, Site: e.Record.Project, Set: e.Set, Moving: e.Mode.moving(), Force: e.Force, Twice: e.Twice, Priority: e.Priority}
	if e.Priority.Low() {
		t.Weight = workload.Weight{CPU: e.Priority.Shares(), Disk: e.Priority.DiskWeight()}
	}
	if e.Mode == Precopy {
		req.Drafts = e.Drafts
	}
	req.Access = reach(e.Access, &t)
	for _, v := range e.manifest.Volumes {
		dir := helperVolumes + v.Name
		t.Mounts = append(t.Mounts, workload.Mount{Volume: v.EngineName, Path: dir, ReadOnly: true})
		req.Volumes = append(req.Volumes, capture.Volume{Name: v.Name, Dir: path.Join(dir, e.laid[v.EngineName])})
	}
	first, err := capture.Say(req)
	if err != nil {
		return t, fmt.Errorf("say what to capture: %w", err)
	}
	t.In = io.MultiReader(bytes.NewReader(first), word)
	return t, nil
}

// reach gives a helper the way to the repository.
func reach(a repository.Access, t *workload.Talk) repository.Access {
	a.Dir, t.Scratch = helperWork, helperWork
	switch {
	case a.Target.Kind == repository.Folder:
		t.HostMounts = append(t.HostMounts, workload.HostMount{Host: a.Target.Path, Path: helperRepository})
		a.Target.Path = helperRepository
	case a.Target.Kind == repository.Rclone:
		t.Network = "host"
		if program, err := repository.RcloneProgram(); err == nil {
			t.HostMounts = append(t.HostMounts, workload.HostMount{Host: program, Path: repository.RcloneMounted, ReadOnly: true})
		}
	default:
		t.Network = "host" // as this process reaches it, so does the helper
	}
	return a
}

// session is one talk with a capturing helper.
type session struct {
	env    *Env
	ctx    context.Context // of the talk: lines come from another goroutine
	cancel context.CancelFunc
	word   io.Writer

	drafts  []capture.Pass
	final   *capture.Pass
	rested  time.Time
	longest time.Duration // how long services may rest, 0 for as long as it takes
	limit   *time.Timer
	waking  sync.Mutex
	woken   bool
	release func() error
	calm    func() error
	offsets <-chan offsetsRead
	stop    func() Gaps
	err     error
}

// hear takes one line of the helper. Its errors end the talk.
func (s *session) hear(line []byte) {
	r, err := capture.Understand(line)
	if err == nil {
		err = s.take(r)
	}
	if err != nil && s.err == nil {
		s.err = err
		s.cancel()
	}
}

func (s *session) take(r capture.Report) error {
	e := s.env
	switch {
	case r.Progress != nil:
		e.Sink.Emit(event.Progress{Item: r.Progress.Volume, Unit: "bytes", Done: r.Progress.Done, Total: r.Progress.Total})
	case r.Warning != "":
		e.Sink.Emit(event.Notice{Level: "warn", Text: r.Warning})
	case r.Draft != nil:
		s.drafts = append(s.drafts, *r.Draft)
		e.Sink.Emit(event.Log{Source: "backup", Text: fmt.Sprintf("pass %d while all runs: %d files, %d bytes read in %s",
			len(s.drafts), r.Draft.Files(), r.Draft.Read(), r.Draft.Took.Round(time.Millisecond))})
	case r.Ready:
		if err := s.begin(); err != nil {
			return err
		}
		go func() { _, _ = io.WriteString(s.word, capture.Go) }() // the helper's end tells
	case r.Final != nil:
		s.final = r.Final
		return s.wake(context.WithoutCancel(s.ctx))
	}
	return nil
}

// begin brings the writers to rest.
func (s *session) begin() error {
	e := s.env
	e.manifest.Mode = e.Mode
	if not := e.Mode.Guarantees(); not != "" {
		e.flaws = append(e.flaws, not)
	}
	e.manifest.Guarantees = strings.Join(e.flaws, ". ")
	if len(e.running) > 0 && e.Mode != Hot { // that one has counted before its copies were laid down
		before := census(s.ctx, e.Stack)
		e.manifest.Census = &before
	}
	switch {
	case e.Mode == Hot && len(e.running) > 0:
		return nil // read before the copies were laid down
	case e.Mode.moving() || len(e.running) == 0:
		s.offsets = e.readOffsets(s.ctx)
		return nil
	}
	r := PlanRest(e.Stack.Model(), e.running, e.volumes(), e.CloseDoor)
	if e.Mode == Cold {
		r = Rest{Writers: e.running}
	}
	e.manifest.Rested = r
	long := "until all volumes are read"
	if len(s.drafts) > 0 { // else nothing was measured
		e.manifest.Downtime.Predicted = Predict(s.pace(len(r.All())))
		long = "for about " + e.manifest.Downtime.Predicted.Round(100*time.Millisecond).String()
	}
	e.Sink.Emit(event.Notice{Level: "info", Text: fmt.Sprintf("%d services rest now, %s", len(r.All()), long)})
	s.hurry()
	var err error
	if s.release, err = e.Guard(s.ctx); err != nil {
		return fmt.Errorf("start the guard: %w", err)
	}
	if e.Mode != Cold {
		s.stop = e.Watch(s.ctx)
	} else {
		s.offsets = e.readOffsets(s.ctx)
		s.stop = e.Watch(s.ctx)
		e.manifest.Offsets, e.manifest.NoOffsets = s.takeOffsets()
	}
	s.rested = e.Now()
	if err := e.rest(s.ctx, r); err != nil {
		return errors.Join(err, s.wake(context.WithoutCancel(s.ctx)))
	}
	// Nothing waits for a helper that takes its time to end.
	context.AfterFunc(s.ctx, func() { _ = s.wake(context.WithoutCancel(s.ctx)) }) // captureVolumes does it again, and tells
	if s.longest = LongestRest(e.MaxRest, e.manifest.Downtime.Predicted); s.longest > 0 {
		s.limit = time.AfterFunc(s.longest, s.cancel)
	}
	if e.Mode != Cold {
		s.offsets = e.readOffsets(s.ctx)
	}
	return nil
}

// hurry ends all politeness: what is slow now makes the rest longer.
func (s *session) hurry() {
	e := s.env
	if !e.Priority.Low() {
		return
	}
	normal := priority.Priority{}
	e.warn(e.Stack.Weigh(s.ctx, helperName, workload.Weight{CPU: normal.Shares(), Disk: normal.DiskWeight()}))
	if e.Hurry != nil {
		var err error
		s.calm, err = e.Hurry()
		e.warn(err)
	}
}

func (e *Env) warn(err error) {
	if err != nil {
		e.Sink.Emit(event.Notice{Level: "warn", Text: "priority: " + err.Error()})
	}
}

// wake lets the services go on. It may be called again.
func (s *session) wake(ctx context.Context) error {
	s.waking.Lock()
	defer s.waking.Unlock()
	if s.release == nil || s.woken {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, WakeLimit)
	defer cancel()
	if err := Wake(bounded, s.env.Site, s.env.Stack); err != nil {
		return err
	}
	s.woken = true
	if s.limit != nil {
		s.limit.Stop()
	}
	s.env.manifest.Downtime.Rest = s.env.Now().Sub(s.rested)
	if s.calm != nil {
		s.env.warn(s.calm())
	}
	return s.release()
}

// result puts into the manifest what came of it.
func (s *session) result(ctx context.Context, talk error) error {
	e := s.env
	switch {
	case s.err != nil:
		return s.err
	case ctx.Err() != nil:
		return ctx.Err()
	case talk != nil && s.ctx.Err() != nil:
		return fault.New(fault.Resumable, "Allow more with --max-rest, or wait until less changes", "the services rested for longer than %s, and go on", s.longest.Round(time.Second))
	case talk != nil:
		return talk
	case s.final == nil:
		return errors.New("the helper ended without a word")
	}
	if s.offsets != nil {
		e.manifest.Offsets, e.manifest.NoOffsets = s.takeOffsets()
	}
	if s.stop != nil {
		if err := e.FrontDoor.Prove(ctx); err != nil {
			return err
		}
		gaps := s.stop()
		e.manifest.Downtime.UI, e.manifest.Downtime.Ingest = gaps.UI, gaps.Ingest
	}
	if e.manifest.Census != nil {
		after := e.manifest.Census.again(ctx, e.Stack)
		e.manifest.Census = &after
	}
	return e.keep(s)
}

func (s *session) takeOffsets() ([]Offset, string) {
	read := <-s.offsets
	s.offsets = nil
	return read.list, read.problem
}

func (s *session) pace(services int) Pace {
	p := Pace{Services: services}
	for i, d := range s.drafts {
		p.Files = d.Files()
		p.Read += d.Read()
		p.ReadTime += d.Took
		if i == len(s.drafts)-1 {
			p.Changed, p.Scan = d.Read(), d.Took
		}
	}
	if len(s.drafts) == 1 {
		p.Changed, p.Scan = 0, p.Scan/4 // a first pass says little about a second
	}
	return p
}
