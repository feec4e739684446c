package backup_test

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// told is what an admin is told.
type told []string

func (w *told) Emit(e event.Event) {
	if n, is := e.(event.Notice); is {
		*w = append(*w, n.Level+": "+n.Text)
	}
}

// looked is a stack as the check of a site sees it.
type looked struct {
	scripted
	states map[string]string // by service; else running
	under  bool              // a restore of backup 7 is under way
	code   int               // with which those ended that have
	files  map[string]string
	gone   []string // volumes
}

func (l *looked) VolumeExists(_ context.Context, name string) (bool, error) {
	return !slices.Contains(l.gone, name), nil
}

func (l *looked) Model() release.Model {
	return release.Model{
		Services: []release.Service{{Name: "web"}, {Name: "postgres"}, {Name: "clickhouse"}},
		Volumes: []release.Volume{
			{Name: "p", EngineName: "p", MountedBy: []string{"postgres:/var/lib/postgresql/data"}},
			{Name: "c", EngineName: "c", MountedBy: []string{"clickhouse:/var/lib/clickhouse"}},
			{Name: "d", EngineName: "d", External: true, MountedBy: []string{"web:/data"}},
			{Name: "v", EngineName: "v", MountedBy: []string{"vroom:/var/vroom"}},
		},
	}
}

func (l *looked) Status(context.Context) ([]workload.Status, error) {
	var list []workload.Status
	for _, s := range l.Model().Services {
		st := workload.Status{Service: s.Name, State: "running", ExitCode: l.code}
		if other := l.states[s.Name]; other != "" {
			st.State = other
		}
		list = append(list, st)
	}
	return list, nil
}

func (l *looked) ReadVolumeFile(_ context.Context, volume, path string) ([]byte, error) {
	text, have := l.files[volume+"/"+path]
	if !have {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

// A site that is not whole is not backed up: its backup would push a good one
// out. What an admin has stopped is no damage.
func TestABrokenSiteIsRefused(t *testing.T) {
	whole := func() map[string]string {
		return map[string]string{"p/PG_VERSION": "14", "p/global/pg_control": "x", "c/status": "PID: 1"}
	}
	cases := []struct {
		name   string
		change func(l *looked, p *backup.Plan, r *site.Record)
		want   string // in the error; "" for none
	}{
		{"whole", func(*looked, *backup.Plan, *site.Record) {}, ""},
		{"all stopped", func(l *looked, _ *backup.Plan, _ *site.Record) {
			l.states = map[string]string{"web": "exited", "postgres": "exited", "clickhouse": "exited"}
			delete(l.files, "c/status") // a clean end removes it
		}, ""},
		{"a worker stopped", func(l *looked, _ *backup.Plan, _ *site.Record) { l.states = map[string]string{"web": "exited"} }, ""},
		{"a store stopped", func(l *looked, _ *backup.Plan, _ *site.Record) {
			l.states = map[string]string{"clickhouse": "exited"}
			delete(l.files, "c/status")
		}, ""},
		{"a store failed", func(l *looked, _ *backup.Plan, _ *site.Record) {
			l.states, l.code = map[string]string{"clickhouse": "exited"}, 137
		}, "service clickhouse has failed with exit code 137"},
		{"stores stopped for an upgrade", func(l *looked, p *backup.Plan, _ *site.Record) {
			l.states, l.code = map[string]string{"clickhouse": "exited", "postgres": "exited"}, 137
			p.Halted = true
		}, ""},
		{"ends again and again", func(l *looked, _ *backup.Plan, _ *site.Record) { l.states = map[string]string{"web": "restarting"} }, "service web is restarting"},
		{"PostgreSQL's volume empty", func(l *looked, _ *backup.Plan, _ *site.Record) { delete(l.files, "p/PG_VERSION") }, "volume p has no PG_VERSION"},
		{"PostgreSQL's data half there", func(l *looked, _ *backup.Plan, _ *site.Record) { delete(l.files, "p/global/pg_control") }, "volume p has no global/pg_control"},
		{"a file cut to nothing", func(l *looked, _ *backup.Plan, _ *site.Record) { l.files["p/global/pg_control"] = "" }, "global/pg_control is empty"},
		{"ClickHouse runs on another volume", func(l *looked, _ *backup.Plan, _ *site.Record) { delete(l.files, "c/status") }, "volume c has no status"},
		{"a volume that is left out is not looked at", func(l *looked, p *backup.Plan, _ *site.Record) {
			delete(l.files, "c/status")
			p.Choice.Exclude = []string{"c"}
		}, ""},
		{"a database's volume gone", func(l *looked, _ *backup.Plan, _ *site.Record) { l.gone = []string{"p"} }, "volume p is gone"},
		{"an external volume gone", func(l *looked, _ *backup.Plan, _ *site.Record) { l.gone = []string{"d"} }, "volume d is gone"},
		{"another volume not there", func(l *looked, _ *backup.Plan, _ *site.Record) { l.gone = []string{"v"} }, ""},
		{"a volume gone that is left out", func(l *looked, p *backup.Plan, _ *site.Record) {
			l.gone, p.Choice.Exclude = []string{"d"}, []string{"d"}
		}, ""},
		{"half installed", func(_ *looked, _ *backup.Plan, r *site.Record) { r.State = "installing" }, "its installation is"},
		{"half upgraded", func(_ *looked, p *backup.Plan, _ *site.Record) {
			p.HalfDone = "upgrade 1 did not come to its end, so files may be of two versions"
		}, "the site is not whole: upgrade 1 did not come to its end, so files"},
		{"half restored", func(l *looked, p *backup.Plan, r *site.Record) {
			p.HalfDone, r.State = "restore 1 did not come to its end", "installing"
			l.under = true
		}, "the site is not whole: a restore of backup 7 did not come to its end, so some data"},
		{"forced", func(l *looked, p *backup.Plan, _ *site.Record) {
			delete(l.files, "p/PG_VERSION")
			p.Force = true
		}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, plan, rec := &looked{files: whole()}, backup.Plan{}, site.Record{State: site.Installed}
			c.change(l, &plan, &rec)
			e := &backup.Env{Plan: plan, Record: rec, Site: resting(t, ""), Stack: l, Sink: event.Discard{}}
			if l.under {
				if err := (backup.Restoring{Set: "7"}).Write(e.Site); err != nil {
					t.Fatal(err)
				}
			}
			err := backup.Steps()[0].Run(t.Context(), e)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want == "":
			case err == nil, !strings.Contains(err.Error(), c.want), fault.CodeOf(err) != fault.PreflightBlocked:
				t.Errorf("got code %d: %v, want %q", fault.CodeOf(err), err, c.want)
			}
		})
	}
}

// Who forces a backup of a site that is not whole is told in words what that
// means.
func TestForcedBackupSaysWhatIsHalfDone(t *testing.T) {
	l := &looked{files: map[string]string{"p/PG_VERSION": "14", "p/global/pg_control": "x", "c/status": "PID: 1"}}
	var said told
	e := &backup.Env{Plan: backup.Plan{Force: true, HalfDone: "upgrade 1 did not come to its end"}, Record: site.Record{State: site.Installed},
		Site: resting(t, ""), Stack: l, Sink: &said}
	if err := backup.Steps()[0].Run(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	want := "warn: the site is not whole: upgrade 1 did not come to its end; a restore brings it back like that"
	if !slices.Contains(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
}

// What the Engine has not is left out with the reason, and never made as an
// empty volume by reading it.
func TestVolumesThatAreNotThereAreLeftOut(t *testing.T) {
	l := &looked{files: map[string]string{"c/status": "PID: 1"}, gone: []string{"p", "v"}}
	var said told
	e := &backup.Env{Plan: backup.Plan{Force: true}, Record: site.Record{State: site.Installed}, Site: resting(t, ""), Stack: l, Sink: &said}
	if err := backup.Steps()[0].Run(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if want := "warn: the site is not whole: volume p is gone; a restore brings it back like that"; !slices.Contains(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
	var got []string
	for _, v := range e.Manifest().Omitted {
		got = append(got, v.Name+": "+v.Reason)
	}
	for _, v := range e.Manifest().Volumes {
		got = append(got, v.Name)
	}
	if d := cmp.Diff([]string{"p: the Engine has no such volume", "v: the Engine has no such volume", "c", "d"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
