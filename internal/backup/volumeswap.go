package backup

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Places is what it takes to let the data of volumes change places.
type Places interface {
	VolumeDirs(ctx context.Context, names ...string) (map[string]string, error)
	Talk(ctx context.Context, t workload.Talk) error
}

// Swap is the wish that the data of volumes comes to where it is used.
// Mark names it, so that it can be repeated. Complete vouches for the waiting
// data; else it has to carry the mark already. Over, if it is not empty, is the mark of
// the wish that this one takes back: data in use that lacks it is left alone.
type Swap struct {
	Mark     string
	Complete bool
	Over     string
	Pairs    []VolumePair
}

// VolumePair is a volume that is used and the one whose data is to come there.
type VolumePair struct{ Used, Waiting string }

// Do carries the exchange out in a helper, each pair in one act of the file
// system.
func (x Swap) Do(ctx context.Context, st Places) error {
	var names []string
	for _, p := range x.Pairs {
		names = append(names, p.Used, p.Waiting)
	}
	dirs, err := st.VolumeDirs(ctx, names...)
	if err != nil {
		return err
	}
	t := workload.Talk{Helper: workload.Helper{Name: "swap", Args: []string{"swap"}}, Line: func([]byte) {}}
	req := capture.SwapRequest{Mark: x.Mark, Complete: x.Complete, Over: x.Over}
	for i, p := range x.Pairs {
		if i == 0 {
			t.HostMounts = []workload.HostMount{{Host: filepath.Dir(filepath.Dir(dirs[p.Used])), Path: helperEngine}}
		}
		req.Pairs = append(req.Pairs, capture.Pair{Used: inEngine(dirs[p.Used]), Waiting: inEngine(dirs[p.Waiting])})
	}
	if err := tell(ctx, st, t, req); err != nil {
		return fmt.Errorf("let volumes change places: %w", err)
	}
	return nil
}
