package upgrade

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/step"
)

// Files of two releases make no project. Whatever cut the step short that
// places or puts them back, they are brought to one before anything is read.
func TestHalfPlacedFilesAreSettled(t *testing.T) {
	old, next := tree{"a.yml": "old", "b.env": "old"}, tree{"a.yml": "new", "b.env": "new", "c": "new"}
	half := tree{"a.yml": "new", "b.env": "old"}
	rec := func(id step.ID, kinds ...step.Kind) (list []step.Record) {
		for _, k := range kinds {
			list = append(list, step.Record{Step: id, Kind: k})
		}
		return list
	}
	cases := []struct {
		name    string
		records []step.Record
		back    bool
		want    tree
	}{
		{"killed while placing, going on", rec(placeID, step.KindStarted), false, next},
		{"failed while placing, going on", rec(placeID, step.KindStarted, step.KindFailed), false, next},
		{"killed while placing, going back", rec(placeID, step.KindStarted), true, old},
		{"failed while placing, going back", rec(placeID, step.KindStarted, step.KindFailed), true, old},
		{"killed while putting back", append(rec(placeID, step.KindStarted, step.KindDone), rec(putBackID, step.KindStarted)...), true, old},
		{"placed: nothing is done ahead of its step", rec(placeID, step.KindStarted, step.KindDone), true, half},
		{"put back: the admin's edits since then stay", rec(putBackID, step.KindStarted, step.KindDone), true, half},
		{"not begun", nil, false, half},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := newHop(t, old, next, old)
			stage(t, e)
			p, err := e.keepPrevious()
			if err != nil {
				t.Fatal(err)
			}
			write(t, e.Site.Dir, half)
			if err := Settle(e.Site, p, c.records, c.back); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, read(t, e.Site.Dir)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
