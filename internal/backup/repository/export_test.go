package repository

import (
	"context"
	"time"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot/upload"
)

// At is the same access where the clock shows another time.
func At(a Access, now time.Time) Access {
	began := time.Now()
	a.now = func() time.Time { return now.Add(time.Since(began)) }
	return a
}

// LeaveUnfinished begins to write a directory and leaves it there, as a kill
// would.
func LeaveUnfinished(ctx context.Context, r *Repository, dir string) error {
	ctx, w, err := r.rep.NewDirectWriter(ctx, repo.WriteSessionOptions{Purpose: "left"})
	if err != nil {
		return err
	}
	o := Options{Dir: dir, Source: Source{Site: "s", Path: "/left"}}
	root, err := o.root(newCollector())
	if err != nil {
		return err
	}
	if _, err := upload.NewUploader(w).Upload(ctx, root, o.policy(), o.Source.info()); err != nil {
		return err
	}
	return w.Close(ctx)
}
