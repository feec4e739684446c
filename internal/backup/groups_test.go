package backup_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/release"
)

func TestOffsetsAreReadFromTheTable(t *testing.T) {
	text := "\nConsumer group 'a' has no active members.\n\nGROUP  TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG\n" +
		"a      t      0          12              15              3   -\na      t      1          -               15              -   -\na      t      2          -               0               -   -\n"
	want := []backup.Offset{{Group: "a", Topic: "t", Offset: 12, Lag: 3}, {Group: "a", Topic: "t", Partition: 2}}
	if d := cmp.Diff(want, backup.ParseOffsets([]byte(text))); d != "" {
		t.Error(d)
	}
}

func FuzzParseOffsets(f *testing.F) {
	f.Add([]byte("g t 0 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if list := backup.ParseOffsets(text); slices.ContainsFunc(list, func(o backup.Offset) bool { return o.Group == "" }) {
			t.Errorf("got %+v", list)
		}
	})
}

func TestGroupsStandWhereTheDataEnds(t *testing.T) {
	at := func(topic string, offset, lag int64) backup.Offset {
		return backup.Offset{Group: "g", Topic: topic, Offset: offset, Lag: lag}
	}
	tests := map[string]struct {
		recorded, now backup.Offset
		want          int64
	}{
		"what Relay wrote since is read again":             {at("ingest-events", 10, 0), at("ingest-events", 40, 2), 10},
		"what Relay wrote and nobody had read, too":        {at("ingest-events", 10, 3), at("ingest-events", 42, 0), 10},
		"what consumers write again is passed over":        {at("events", 10, 0), at("events", 40, 2), 42},
		"what was on its way in the backup is not lost":    {at("events", 10, 1), at("events", 42, 0), 10},
		"a new log is shorter":                             {at("ingest-events", 10, 0), at("ingest-events", 0, 4), 4},
		"a new log is shorter, of consumers":               {at("events", 10, 5), at("events", 0, 4), 4},
		"an empty log":                                     {at("events", 10, 0), at("events", 0, 0), 0},
		"a log of which nothing is known is left to Kafka": {at("events", 10, 0), at("other", 0, 4), 10},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			want := c.recorded
			want.Offset, want.Lag = c.want, 0
			if d := cmp.Diff([]backup.Offset{want}, backup.PlanGroups([]backup.Offset{c.recorded}, []backup.Offset{c.now})); d != "" {
				t.Error(d)
			}
		})
	}
}

// Whatever was recorded, no group is put beyond the end of its log.
func FuzzPlanGroups(f *testing.F) {
	f.Add(int64(10), int64(0), int64(3), int64(1), true)
	f.Fuzz(func(t *testing.T, offset, lag, now, nowLag int64, door bool) {
		topic := map[bool]string{true: "ingest-events", false: "events"}[door]
		stands := backup.Offset{Group: "g", Topic: topic, Offset: max(now, 0) >> 1, Lag: max(nowLag, 0) >> 1}
		got := backup.PlanGroups([]backup.Offset{{Group: "g", Topic: topic, Offset: offset, Lag: lag}}, []backup.Offset{stands})
		if slices.ContainsFunc(got, func(o backup.Offset) bool { return o.Offset > stands.Offset+stands.Lag }) || len(got) != 1 {
			t.Errorf("got %+v with %+v", got, stands)
		}
	})
}

type kafkaProject struct{ backup.RestoreStack }

func (kafkaProject) Model() release.Model {
	return release.Model{Services: []release.Service{{Name: "kafka"}}}
}

// An install that follows a restore sets the groups itself; the way back of an
// upgrade does it before the former release starts.
func TestGroupsAreSetBeforeWhatComesAfterStarts(t *testing.T) {
	set := backup.Set{Manifest: backup.Manifest{Offsets: []backup.Offset{{Group: "g", Topic: "t"}}}}
	for _, c := range []struct {
		name string
		env  backup.RestoreEnv
		skip bool
	}{
		{"a restore", backup.RestoreEnv{}, false},
		{"before an install", backup.RestoreEnv{NoStart: true}, true},
		{"the way back", backup.RestoreEnv{NoStart: true, Groups: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.env.Set, c.env.Stack = set, kafkaProject{}
			for _, s := range backup.RestoreSteps() {
				if s.ID != "set-consumer-groups" {
					continue
				}
				reason, err := s.Skip(t.Context(), &c.env)
				if err != nil || (reason != "") != c.skip {
					t.Errorf("got %q, %v", reason, err)
				}
			}
		})
	}
}
