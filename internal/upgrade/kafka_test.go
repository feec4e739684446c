package upgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// reading is a project whose Kafka answers each look with the next of its tables, and
// the last one from then on.
type reading struct {
	engine
	states map[string]string
	tables []string
	minute func() // each look takes one
}

func (r *reading) Status(context.Context) (list []workload.Status, err error) {
	for _, s := range r.model.Services {
		st := workload.Status{Service: s.Name, State: "running"}
		if other, is := r.states[s.Name]; is {
			st.State = other
		}
		list = append(list, st)
	}
	return list, nil
}

func (r *reading) Start(_ context.Context, names ...string) error {
	return r.did("start " + strings.Join(names, " "))
}

func (r *reading) Stop(_ context.Context, names ...string) error {
	return r.did("stop " + strings.Join(names, " "))
}

func (r *reading) Exec(context.Context, string, workload.Exec) (workload.Result, error) {
	table := r.tables[0]
	if len(r.tables) > 1 {
		r.tables = r.tables[1:]
	}
	r.minute()
	if table == "away" {
		return workload.Result{}, errors.New("no answer")
	}
	calls := len(r.calls)
	if calls == 0 || r.calls[calls-1] != "look" {
		r.did("look") //nolint:errcheck // never fails
	}
	return workload.Result{Stdout: []byte("GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID\n" + table)}, nil
}

func waits(topic string, n int) string {
	return fmt.Sprintf("consumers %s 0 %d 100 %d c1 /10.0.0.1 c\n", topic, 100-n, n)
}

func TestKafkaIsReadToItsEnd(t *testing.T) {
	none := waits("events", 0)
	full := []string{"stop relay", "look", "stop web worker cron", "look"}
	cases := []struct {
		name   string
		states map[string]string
		tables []string
		calls  []string
		fails  string
	}{
		{"nothing waits", nil, []string{none}, full, ""},
		{"what waits gets less", nil, []string{waits("events", 9), waits("events", 4), waits("events", 4), none}, full, ""},
		{"one look is not enough", nil, []string{none, waits("events", 3), none}, full, ""},
		{"Kafka is asked again", nil, []string{"away", none}, full, ""},
		{"topics that say when to look", nil, []string{none + waits("snuba-commit-log", 1) + waits("scheduled-subscriptions-events", 2)}, full, ""},
		{"a hop that was cut off", map[string]string{"web": "exited", "nginx": "exited"}, []string{none}, append([]string{"start kafka web worker cron ingest-consumer"}, full...), ""},
		{"a door that is shut", map[string]string{"relay": "exited"}, []string{none}, append([]string{"start kafka web worker cron ingest-consumer"}, full...), ""},
		{"a consumer that stands still", nil, []string{waits("events", 9), waits("events", 7)}, []string{"stop relay", "look"}, "7 messages wait for consumers, most of them for group consumers in topic events"},
		{"a group is divided anew", nil, []string{none + "others events 0 1 1 0 o1 - -\n", none, none + "others events 0 1 1 0 o1 - -\n"}, full, ""},
		{"a consumer ends", nil, []string{none + "others events 0 1 1 0 o1 - -\n", none}, []string{"stop relay", "look"}, "group others"},
		{"an older release's group", nil, []string{none + "older events 0 1 3 2 - - -\n"}, full, ""},
		{"a consumer that hangs", nil, []string{none + "ingest ingest-events 0 1 3 2 - - -\n"}, []string{"stop relay", "look"}, "2 messages wait for consumers, most of them for group ingest in topic ingest-events"},
		{"nobody reads", nil, []string{"old events 0 1 2 1 - - -\n"}, []string{"stop relay", "look"}, "no consumer that runs"},
		{"no answer", nil, []string{"away"}, []string{"stop relay"}, "no answer"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			st := &reading{states: c.states, tables: c.tables, minute: func() { now = now.Add(50 * time.Second) }}
			for _, name := range []string{"kafka", "relay", "web", "worker", "cron", "ingest-consumer", "nginx"} {
				st.model.Services = append(st.model.Services, release.Service{Name: name, Command: []string{"run", "--consumer-group=ingest"}})
			}
			groups, err := drainer{st, event.Discard{}, time.Millisecond, func() time.Time { return now }, map[string]bool{}}.run(t.Context())
			if d := cmp.Diff(c.calls, st.calls); d != "" {
				t.Errorf("what was done (-want +got):\n%s", d)
			}
			switch {
			case c.fails == "" && (err != nil || len(groups) == 0 || groups[0].Offset != 100):
				t.Errorf("got %+v, %v", groups, err)
			case c.fails != "" && (fault.CodeOf(err) != fault.Resumable || !strings.Contains(err.Error(), c.fails)):
				t.Errorf("got %v, want: %s", err, c.fails)
			}
		})
	}
}

// volumes is a project on an Engine that has some, and lets them change places.
type volumes struct {
	engine
	there bool
	dirs  error
}

func (v *volumes) VolumeExists(_ context.Context, name string) (bool, error) {
	return v.there && name == "x-log-former", nil
}

func (v *volumes) VolumeDirs(_ context.Context, names ...string) (map[string]string, error) {
	dirs := map[string]string{}
	for _, name := range names {
		dirs[name] = "/engine/volumes/" + name + "/_data"
	}
	return dirs, v.dirs
}

func (v *volumes) CreateVolume(_ context.Context, name, _ string) error {
	return v.did("create " + name)
}

func (v *volumes) Talk(_ context.Context, t workload.Talk) error {
	wish, err := io.ReadAll(t.In)
	v.did(string(wish)) //nolint:errcheck // never fails
	return err
}

// A log that is kept elsewhere is told of, and the hop goes on without a place for it.
func TestALogThatIsKeptElsewhereStays(t *testing.T) {
	for name, c := range map[string]struct {
		model release.Model
		dirs  error
		calls []string
		told  bool
		fails bool
	}{
		"a volume":                 {withLog(), nil, []string{"remove x-log-former", "create x-log-former"}, false, false},
		"a volume on another disk": {withLog(), fmt.Errorf("volume x-log: %w", workload.ErrElsewhere), []string{"remove x-log-former"}, true, false},
		"a directory":              {release.Model{}, nil, nil, true, false},
		"an Engine that errs":      {withLog(), errors.New("500"), []string{"remove x-log-former"}, false, true},
		"an Engine that went away": {withLog(), fault.New(fault.NoEngine, "", "gone"), []string{"remove x-log-former"}, false, true},
	} {
		st, heard := &volumes{dirs: c.dirs}, &notes{}
		st.model = c.model
		err := makeFormer(t.Context(), st, heard)
		if d := cmp.Diff(c.calls, st.calls); d != "" || (err != nil) != c.fails || (len(heard.list) > 0) != c.told {
			t.Errorf("%s: got %v, told %q, calls (-want +got):\n%s", name, err, heard.list, d)
		}
	}
}

// The log that a hop has set aside goes when no way leads back to it any more: not with
// the end of a later hop that has touched no data.
func TestTheFormerLogStaysWhileAWayLeadsBackToIt(t *testing.T) {
	for _, c := range []struct{ data, newKafka, goes bool }{{false, false, false}, {true, false, true}, {false, true, true}} {
		st := &volumes{}
		st.model = withLog()
		e := &BackEnv{Data: c.data, NewKafka: c.newKafka, Open: func(context.Context) (Stack, error) { return st, nil }, Close: func() error { return nil }}
		if err := endBack().Run(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(st.calls, "remove x-log-former") != c.goes {
			t.Errorf("%+v: got %v", c, st.calls)
		}
	}
}

// A rollback that lacks the former log is refused before anything stops for it.
func TestAFormerLogThatIsGone(t *testing.T) {
	for _, c := range []struct {
		run          string
		aside, there bool
		fails        bool
	}{{"r1", true, true, false}, {"r1", true, false, true}, {"r1", false, false, false}, {"r2", true, false, false}} {
		hop := newHop(t, tree{}, tree{}, tree{})
		st := &volumes{there: c.there}
		st.model = withLog()
		if err := WriteNote(hop.Site, Drained{Run: "r1", Aside: c.aside}); err != nil {
			t.Fatal(err)
		}
		if err := FormerLog(t.Context(), st, hop.Site, c.run); (err != nil) != c.fails {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

// The log comes back only with the data, and only where this hop has set it aside.
func TestKafkasLogComesBack(t *testing.T) {
	for _, c := range []struct{ data, there, comes bool }{{true, true, true}, {true, false, false}, {false, true, false}} {
		st := &volumes{there: c.there}
		st.model = withLog()
		e := &BackEnv{Data: c.data, Placed: Placed{Run: "r1"}, Open: func(context.Context) (Stack, error) { return st, nil }}
		why, err := logBack().Skip(t.Context(), e)
		if err != nil || (why == "") != c.comes {
			t.Fatalf("%+v: skipped for %q, %v", c, why, err)
		}
		if !c.comes {
			continue
		}
		if err := logBack().Run(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		var wish capture.SwapRequest
		if err := json.Unmarshal([]byte(st.calls[0]), &wish); err != nil {
			t.Fatal(err)
		}
		if wish.Over != "r1-kafka" || wish.Mark == wish.Over || !wish.Complete || !strings.Contains(wish.Pairs[0].Used, "x-log/") || !strings.Contains(wish.Pairs[0].Waiting, "x-log-former/") {
			t.Errorf("got %+v", wish)
		}
	}
}
