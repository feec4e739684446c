package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/repo/object"
	"github.com/kopia/kopia/snapshot/snapshotmaintenance"
	"golang.org/x/sync/errgroup"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Verified is what a verification looked at, and what it found.
type Verified struct {
	Objects   int64    `json:"objects"`
	Bytes     int64    `json:"bytes"`
	ReadFiles int64    `json:"read_files"`
	ReadBytes int64    `json:"read_bytes"`
	Damaged   []string `json:"damaged,omitempty"` // one line each, with the path
}

// maxDamaged bounds the list: more says no more.
const maxDamaged = 100

// Verify sees that all that snapshots need is there, and reads a share of the
// files back (0 to 100 percent, chosen at random). Damage is an Integrity
// fault; the result comes with it.
func (r *Repository) Verify(ctx context.Context, percent float64, snapshots ...Snapshot) (Verified, error) {
	blobs, err := blob.ReadBlobMap(ctx, r.rep.BlobReader())
	if err != nil {
		return Verified{}, integrity(fmt.Errorf("list what the repository holds: %w", err))
	}
	v := &verification{rep: r.rep, percent: percent, blobs: blobs, seen: map[string]bool{}}
	group, bounded := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.NumCPU())
	if err := v.lists(ctx, r); err != nil {
		return v.out, integrity(err)
	}
	for _, s := range snapshots {
		err := r.survey(bounded, s, func(path string, l leaf) {
			if v.first(l.object) {
				group.Go(func() error { return v.check(bounded, s.Source.Path+"/"+path, l) })
			}
		}, func(path string, err error) error { return v.damaged(s.Source.Path+"/"+path, err) })
		if err == nil || bounded.Err() != nil {
			continue
		}
		if err := v.damaged(s.Source.Path, err); err != nil {
			return v.out, errors.Join(err, group.Wait())
		}
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return v.out, err
	}
	if v.broken > 0 {
		return v.out, fault.New(fault.Integrity, "Keep this repository as it is, make a backup into another one, and restore what older snapshots still hold",
			"%d things in %s cannot be read back: %s", v.broken, r.target, strings.Join(v.out.Damaged, "; "))
	}
	return v.out, nil
}

// verification is one run of Verify.
type verification struct {
	rep     repo.Repository
	percent float64
	blobs   map[blob.ID]blob.Metadata

	mu     sync.Mutex
	seen   map[string]bool
	broken int
	out    Verified
}

// lists looks at what leads to snapshots and to what they hold.
func (v *verification) lists(ctx context.Context, r *Repository) error {
	_, broken, err := r.pages(ctx)
	if err != nil {
		return err
	}
	lost, err := r.lostIndexes(ctx, v.blobs)
	if err != nil {
		return err
	}
	for _, what := range append(broken, lost...) {
		v.add(what)
	}
	return nil
}

// first tells whether an object was not looked at before: snapshots share most.
func (v *verification) first(object string) bool {
	fresh := !v.seen[object]
	v.seen[object] = true
	return fresh
}

func (v *verification) check(ctx context.Context, path string, l leaf) error {
	read, err := v.object(ctx, l.object)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return v.damaged(path, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.out.Objects++
	v.out.Bytes += l.size
	if read >= 0 {
		v.out.ReadFiles++
		v.out.ReadBytes += read
	}
	return nil
}

// object checks one and returns how much of it was read, -1 if it was not
// chosen.
func (v *verification) object(ctx context.Context, id string) (int64, error) {
	oid, err := object.ParseID(id)
	if err != nil {
		return 0, err
	}
	contents, err := v.rep.VerifyObject(ctx, oid)
	if err != nil {
		return 0, err
	}
	for _, c := range contents {
		info, err := v.rep.ContentInfo(ctx, c)
		if err != nil {
			return 0, err
		}
		if b, there := v.blobs[info.PackBlobID]; !there {
			return 0, fmt.Errorf("blob %s is missing", info.PackBlobID)
		} else if int64(info.PackOffset)+int64(info.PackedLength) > b.Length {
			return 0, fmt.Errorf("blob %s was cut short", info.PackBlobID)
		}
	}
	if 100*rand.Float64() >= v.percent {
		return -1, nil
	}
	in, err := v.rep.OpenObject(ctx, oid)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	return io.Copy(io.Discard, in)
}

// damaged notes damage. A place that does not answer any more is none.
func (v *verification) damaged(path string, err error) error {
	if away.MatchString(err.Error()) {
		return integrity(err)
	}
	v.add(path + ": " + err.Error())
	return nil
}

func (v *verification) add(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.broken++
	if len(v.out.Damaged) < maxDamaged {
		v.out.Damaged = append(v.out.Damaged, what)
	}
}

// Maintain tidies the repository: quick joins small files of its index, full
// also frees what no snapshot needs any more. What was written within the last
// day is never freed, as another machine may be in the middle of a backup.
func (r *Repository) Maintain(ctx context.Context, full bool) error {
	mode := maintenance.ModeQuick
	if full {
		mode = maintenance.ModeFull
	}
	// Our own lock is that of the site; kopia leaves its file behind.
	defer os.Remove(r.rep.ConfigFilename() + ".mlock")
	err := r.write(ctx, "maintenance", nil, func(ctx context.Context, w repo.DirectRepositoryWriter) error {
		return snapshotmaintenance.Run(ctx, w, mode, false, maintenance.SafetyFull)
	})
	if err != nil && strings.Contains(err.Error(), "clock skew") {
		return fault.New(fault.Other, "Set this machine's clock, then run it again", "maintain the repository: %w", err)
	}
	var owned maintenance.NotOwnedError
	if errors.As(err, &owned) {
		return fault.New(fault.Other, "Run: kopia maintenance set --owner="+clientUser+"@"+clientHost, "maintenance of %s belongs to %s", r.target, owned.Owner)
	}
	if err != nil {
		return integrity(fmt.Errorf("maintain the repository: %w", err))
	}
	return nil
}

// Size is what the repository takes on its place, in bytes.
func (r *Repository) Size(ctx context.Context) (int64, error) {
	var total int64
	err := r.rep.BlobReader().ListBlobs(ctx, "", func(b blob.Metadata) error {
		total += b.Length
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measure the repository: %w", err)
	}
	return total, nil
}
