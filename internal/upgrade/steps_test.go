package upgrade

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/step"
)

func TestStepsOfAHop(t *testing.T) {
	var got []string
	for _, s := range Steps(Hop{Rungs: []Rung{{Series: "24.8"}}}) {
		id := string(s.ID)
		if s.NoReturn {
			id += " (no return)"
		}
		if !s.Idempotent {
			t.Errorf("step %s cannot be repeated after a crash", s.ID)
		}
		got = append(got, id)
	}
	want := []string{
		"keep-release", "stage-site", "keep-images", "bring-images", "bring-ahead", "copy-ahead", "in-time", "see-edits", "keep-room", "stop-services", "checkpoint", "keep-room-for-data", "place-release",
		"rung-clickhouse-24-8 (no return)", "check-postgres", "create-volumes", "volume-permissions", "move-storage-key", "relay-credentials", "trust-stores", "start-stores",
		"create-buckets", "copy-profiles", "bootstrap-snuba", "create-topics", "migrate-database", "profile-permissions", "geoip", "js-sdk-assets", "start-services",
		"health-gate", "record-version", "remove-orphans", "remove-leftovers", "free-room",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// PostgreSQL's data is written anew while the old files are in place, put in
// place after them, and the old goes only when the gate has passed.
func TestStepsOfAHopWithAnotherPostgreSQL(t *testing.T) {
	at := map[step.ID]int{}
	noReturn := step.ID("")
	for i, s := range Steps(Hop{Postgres: &Beside{From: "9.6", To: "14"}}) {
		at[s.ID] = i
		if !s.Idempotent {
			t.Errorf("step %s cannot be repeated after a crash", s.ID)
		}
		if s.NoReturn {
			noReturn = s.ID
		}
	}
	order := []step.ID{"checkpoint", "write-postgres", "keep-room-for-data", "place-release", "switch-postgres", "check-postgres", "health-gate", "record-version", "remove-former-postgres"}
	for i := 1; i < len(order); i++ {
		if at[order[i-1]] >= at[order[i]] {
			t.Errorf("%s does not come before %s", order[i-1], order[i])
		}
	}
	if noReturn != "switch-postgres" {
		t.Errorf("the point of no return is %q", noReturn)
	}
}

// Kafka is read out while the former release runs; its log is set aside once that is
// stopped and saved, and nobody reads before the groups stand at the new one's beginning.
func TestStepsOfAHopInWhichKafkaLeavesZooKeeper(t *testing.T) {
	at := map[step.ID]int{}
	noReturn := step.ID("")
	for i, s := range Steps(Hop{NewKafka: true, Rungs: []Rung{{Series: "22.8"}}}) {
		at[s.ID] = i + 1
		if !s.Idempotent {
			t.Errorf("step %s cannot be repeated after a crash", s.ID)
		}
		if s.NoReturn {
			noReturn = s.ID
		}
	}
	order := []step.ID{"keep-room", "drain-kafka", "stop-services", "checkpoint", "place-release", "set-kafka-aside", "start-stores", "create-topics", "set-consumer-groups", "start-services"}
	for i := 1; i < len(order); i++ {
		if at[order[i]] == 0 || at[order[i-1]] >= at[order[i]] {
			t.Errorf("%s does not come before %s", order[i-1], order[i])
		}
	}
	if noReturn != "set-kafka-aside" {
		t.Errorf("the point of no return is %q", noReturn)
	}
}

func TestHowFarAHopWent(t *testing.T) {
	started := func(ids ...step.ID) (list []step.Record) {
		for _, id := range ids {
			list = append(list, step.Record{Kind: step.KindStarted, Step: id})
		}
		return list
	}
	cases := []struct {
		name    string
		records []step.Record
		want    Reached
	}{
		{"nothing", nil, Untouched},
		{"images", started("stage-site", "bring-images"), Untouched},
		{"a step that was skipped", []step.Record{{Kind: step.KindSkipped, Step: "create-topics"}}, Untouched},
		{"the stop", started("bring-images", "stop-services"), Stopped},
		{"the door", started("keep-room", "drain-kafka"), Stopped},
		{"files", started("stop-services", "checkpoint", "place-release"), Stopped},
		{"the first after them", started("stop-services", "place-release", "check-postgres"), NoReturn},
		{"the gate", started("stop-services", "start-stores", "health-gate"), NoReturn},
		{"the record, in doubt", started("start-stores", "record-version"), NoReturn},
		{"the record", []step.Record{{Kind: step.KindDone, Step: "record-version"}}, Recorded},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := HowFar(Hop{}, c.records); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// What comes before the stop takes as long as it takes.
func TestNothingStopsPastTheWindow(t *testing.T) {
	closes := time.Date(2026, 1, 4, 5, 0, 0, 0, time.UTC)
	for now, late := range map[time.Time]bool{closes.Add(-10 * time.Minute): false, closes.Add(-9 * time.Minute): true, closes.Add(time.Hour): true} {
		e := &Env{StopBefore: closes, Predicted: 10 * time.Minute, Now: func() time.Time { return now }}
		if err := inTime().Run(t.Context(), e); late != (fault.CodeOf(err) == fault.UpgradeBlocked) || !late && err != nil {
			t.Errorf("at %s: got %v", now, err)
		}
	}
	if why, err := inTime().Skip(t.Context(), &Env{}); why == "" || err != nil {
		t.Errorf("without a window: got %q, %v", why, err)
	}
}

// Whoever starts the former release after a kill makes data that the checkpoint
// of before does not know.
func TestAHopThatGoesOnStopsAndSavesAnew(t *testing.T) {
	var always []step.ID
	for _, s := range Steps(Hop{Postgres: &Beside{}, NewKafka: true}) {
		if s.Always {
			always = append(always, s.ID)
		}
	}
	for _, edited := range []bool{false, true} {
		steps, repeated := Steps(Hop{Postgres: &Beside{}, NewKafka: true}), []step.ID(nil)
		Repeat(steps, nil, edited)
		for _, s := range steps {
			if s.Always && !slices.Contains(always, s.ID) {
				repeated = append(repeated, s.ID)
			}
		}
		want := []step.ID{"keep-room", "prove-site", "drain-kafka", "stop-services", "checkpoint", "write-postgres", "keep-room-for-data"}
		if edited { // as they are now they are not lost
			want = append([]step.ID{"stage-site", "keep-images", "bring-images"}, want...)
		}
		if d := cmp.Diff(want, repeated); d != "" {
			t.Errorf("edited %v:\n%s", edited, d)
		}
	}
	rec := func(id step.ID, kind step.Kind) step.Record { return step.Record{Step: id, Kind: kind} }
	brought := []step.Record{rec(stageID, step.KindDone), rec(keepImagesID, step.KindDone), rec(imagesID, step.KindDone)}
	for _, c := range []struct {
		name        string
		records     []step.Record
		keep, bring bool
	}{
		{"brought", brought, false, false},
		{"merged since", append(slices.Clone(brought), rec(stageID, step.KindDone)), true, true},
		{"merged since, and the images are in doubt", append(slices.Clone(brought), rec(stageID, step.KindDone), rec(imagesID, step.KindStarted)), false, false},
	} {
		steps := Steps(Hop{})
		Repeat(steps, c.records, false)
		for _, s := range steps {
			if s.ID == keepImagesID && s.Always != c.keep || s.ID == imagesID && s.Always != c.bring {
				t.Errorf("%s: %s is repeated: %v", c.name, s.ID, s.Always)
			}
		}
	}
}

func TestIngestStaysOpen(t *testing.T) {
	m := release.Model{
		Services: []release.Service{{Name: "kafka"}, {Name: "nginx"}, {Name: "postgres"}, {Name: "relay"}, {Name: "web"}},
		Ports:    []release.Port{{Service: "nginx"}},
	}
	if d := cmp.Diff([]string{"postgres", "web"}, toStop(m, false)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"kafka", "nginx", "postgres", "relay", "web"}, toStop(m, true)); d != "" {
		t.Error(d)
	}
}
