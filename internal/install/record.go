package install

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/site"
)

// recordAnswers keeps what was asked for before anything is done about it, so
// that `sentryctl resume` knows it. Data that was set up before stays ready.
func recordAnswers() Step {
	return Step{
		ID: "record-answers", Title: "Keep what was asked for", Idempotent: true, Always: true,
		Done: func(_ context.Context, e *Env) (bool, error) {
			have, err := e.Site.ReadRecord()
			if errors.Is(err, fs.ErrNotExist) {
				return false, nil
			}
			return err == nil && sameRecord(have, e.Record()), err
		},
		Run: func(_ context.Context, e *Env) error {
			have, err := e.Site.ReadRecord()
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			rec := e.Record()
			rec.State = site.Installing
			if have.State == site.Installed && have.Version == rec.Version {
				rec.State, rec.InstalledAt = have.State, have.InstalledAt
			}
			return e.Site.WriteRecord(rec)
		},
	}
}

// recordSite writes that the site is installed. It comes after the proof.
func recordSite() Step {
	return Step{
		ID: "record-site", Title: "Record the site", Idempotent: true,
		Done: dataReady,
		Run: func(_ context.Context, e *Env) error {
			rec := e.Record()
			rec.State, rec.InstalledAt = site.Installed, e.Now().UTC()
			return e.Site.WriteRecord(rec)
		},
	}
}

// doubtData takes back that the data is set up.
func (e *Env) doubtData() error {
	rec := e.Record()
	rec.State = site.Installing
	return e.Site.WriteRecord(rec)
}

// sameRecord compares what was asked for, and by which tool; not how far it came.
func sameRecord(a, b site.Record) bool {
	a.Schema, a.State, a.InstalledAt = b.Schema, "", time.Time{}
	b.State, b.InstalledAt = "", time.Time{}
	left, errA := yaml.Marshal(a)
	right, errB := yaml.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(left, right)
}
