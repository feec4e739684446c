package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/cli/cli/command"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
)

const (
	pullWidth     = 4
	pullAttempts  = 4
	progressEvery = 200 * time.Millisecond
)

// Pull pulls what MissingImages lists, several at once, and tells the bytes of
// each as Progress. It goes on after a failure: the error names every image
// that could not be pulled.
func (s *Stack) Pull(ctx context.Context) error {
	missing, err := s.MissingImages(ctx)
	if err != nil {
		return err
	}
	wanted, err := s.wantedImages()
	if err != nil {
		return err
	}
	failures := make([]error, len(missing))
	places := newGate(pullWidth)
	var all sync.WaitGroup
	for i, ref := range missing {
		all.Go(func() {
			if failures[i] = places.enter(ctx, 0); failures[i] != nil {
				return
			}
			defer places.leave()
			failures[i] = s.pullOne(ctx, ref, wanted[ref])
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return pullFault(missing, failures)
}

func pullFault(refs []string, failures []error) error {
	var named []string
	var errs []error
	for i, err := range failures {
		if err == nil {
			continue
		}
		if fault.CodeOf(err) == fault.NoEngine {
			return err
		}
		named = append(named, refs[i])
		errs = append(errs, fmt.Errorf("%s: %w", refs[i], err))
	}
	if len(errs) == 0 {
		return nil
	}
	hint := "Run the same command again; on a host without a network bring the images with docker load, from a host that has them: docker save -o images.tar " +
		strings.Join(named, " ")
	if slices.ContainsFunc(errs, full) {
		hint = roomHint
	}
	return fault.New(fault.Resumable, hint, "pull %d of %d images: %w", len(errs), len(refs), errors.Join(errs...))
}

// pullOne pulls an image, again after an error that may pass.
func (s *Stack) pullOne(ctx context.Context, ref, platform string) error {
	for attempt := 1; ; attempt++ {
		err := s.tryPull(ctx, ref, platform)
		if err == nil || ctx.Err() != nil || attempt == pullAttempts || !transient(err) {
			return err
		}
		pause := backoff(attempt)
		s.sink.Emit(event.Log{Source: ref, Text: fmt.Sprintf("pull again in %s: %v", pause, err)})
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// backoff is the pause after the nth attempt: 500 ms, 1.5 s, 4.5 s, …
func backoff(attempt int) time.Duration {
	pause := 500 * time.Millisecond
	for range attempt - 1 {
		pause *= 3
	}
	return pause
}

// transient tells whether the same pull may succeed a moment later. The Engine
// passes on what the registry says as text.
func transient(err error) bool {
	if fault.CodeOf(err) == fault.NoEngine || errdefs.IsNotFound(err) || errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err) || errdefs.IsInvalidArgument(err) {
		return false
	}
	text := strings.ToLower(err.Error())
	for _, sign := range []string{"not found", "manifest unknown", "access denied", "denied:", "unauthorized", "authentication required",
		"no matching manifest", "no space left", "invalid reference", "no such host", "network is unreachable", "connection refused"} {
		if strings.Contains(text, sign) {
			return false
		}
	}
	return true
}

func (s *Stack) tryPull(ctx context.Context, ref, platform string) error {
	auth, err := command.RetrieveAuthTokenFromImage(s.engine.cli.ConfigFile(), ref)
	if err != nil {
		return fmt.Errorf("read the credentials for its registry: %w", err)
	}
	options := client.ImagePullOptions{RegistryAuth: auth}
	if platform != "" {
		p, err := platforms.Parse(platform)
		if err != nil {
			return err
		}
		options.Platforms = []ocispec.Platform{p}
	}
	res, err := s.api.ImagePull(ctx, ref, options)
	if err != nil {
		return gone(err)
	}
	defer res.Close()
	meter := &layerMeter{ref: ref, sink: s.sink, layers: map[string]*jsonstream.Progress{}}
	if err := messages(ctx, s.engine, res, meter.take); err != nil {
		return err
	}
	meter.finish()
	return nil
}

// layerMeter adds up the layers of one pull.
type layerMeter struct {
	ref    string
	sink   event.Sink
	layers map[string]*jsonstream.Progress
	told   time.Time
}

func (m *layerMeter) take(msg jsonstream.Message) {
	// A layer is downloaded, then extracted; bytes are counted once.
	switch msg.Status {
	case "Downloading":
		if msg.Progress != nil {
			m.layers[msg.ID] = msg.Progress
		}
	case "Download complete", "Pull complete":
		if p := m.layers[msg.ID]; p != nil {
			p.Current = p.Total
		}
	default:
		return
	}
	if time.Since(m.told) >= progressEvery {
		m.tell()
	}
}

func (m *layerMeter) tell() {
	var done, total int64
	for _, p := range m.layers {
		done, total = done+p.Current, total+max(p.Total, p.Current)
	}
	m.told = time.Now()
	m.sink.Emit(event.Progress{Item: m.ref, Unit: "bytes", Done: done, Total: total})
}

func (m *layerMeter) finish() {
	for _, p := range m.layers {
		p.Current = max(p.Total, p.Current)
	}
	m.tell()
}
