package backup_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

func model() release.Model {
	svc := func(name string, deps ...string) release.Service { return release.Service{Name: name, DependsOn: deps} }
	vol := func(name string, uses ...string) release.Volume {
		return release.Volume{Name: name, EngineName: "p_" + name, MountedBy: uses}
	}
	return release.Model{
		Services: []release.Service{
			svc("clickhouse"), svc("kafka"), svc("memcached"), svc("nginx", "web", "relay"), svc("pgbouncer", "postgres"), svc("postgres"),
			svc("redis"), svc("relay", "kafka", "redis", "web"), svc("smtp"), svc("snuba-api", "clickhouse", "kafka", "redis"),
			svc("symbolicator"), svc("taskbroker", "kafka"), svc("vroom", "kafka"), svc("web", "pgbouncer", "redis", "snuba-api", "kafka"),
			svc("worker", "pgbouncer", "redis"),
		},
		Volumes: []release.Volume{
			vol("sentry-clickhouse", "clickhouse:/var/lib/clickhouse"), vol("sentry-clickhouse-log", "clickhouse:/var/log/clickhouse-server"),
			vol("sentry-data", "web:/data", "worker:/data"), vol("sentry-kafka", "kafka:/var/lib/kafka/data"), vol("sentry-kafka-log", "kafka:/var/lib/kafka/log"),
			vol("sentry-nginx-cache", "nginx:/var/cache/nginx"), vol("sentry-nginx-www", "nginx:/var/www"), vol("sentry-postgres", "postgres:/var/lib/postgresql/data"),
			vol("sentry-redis", "redis:/data"), vol("sentry-secrets", "kafka:/etc/kafka/secrets"), vol("sentry-symbolicator", "symbolicator:/data"), vol("sentry-taskbroker", "taskbroker:/opt/sqlite"),
			vol("sentry-unused"), vol("sentry-vroom", "vroom:/var/vroom/sentry-profiles"), vol("sentry-zookeeper", "zookeeper:/var/lib/zookeeper/data"),
		},
		Ports: []release.Port{{Service: "nginx", Published: "9000", Target: 80}},
	}
}

func TestVolumesAreJudgedByWhereTheyAreMounted(t *testing.T) {
	all, err := backup.Classify(model(), backup.Choice{Include: []string{"p_sentry-symbolicator"}, Exclude: []string{"sentry-nginx-www"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range all {
		got[v.Name] = fmt.Sprintf("%s %v", v.Class, v.Taken())
	}
	want := map[string]string{
		"sentry-clickhouse": "durable true", "sentry-clickhouse-log": "log false", "sentry-data": "durable true",
		"sentry-kafka": "queue false", "sentry-kafka-log": "log false", "sentry-nginx-cache": "cache false", "sentry-nginx-www": "durable false",
		"sentry-postgres": "durable true", "sentry-redis": "durable true", "sentry-secrets": "durable true", "sentry-symbolicator": "cache true", "sentry-taskbroker": "durable true",
		"sentry-vroom": "durable true", "sentry-zookeeper": "queue false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	_, err = backup.Classify(model(), backup.Choice{Exclude: []string{"sentry-postgre"}})
	if fault.CodeOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "sentry-postgres") {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
}

func TestWritersRestBeforeStoresAndTheDoorStaysOpen(t *testing.T) {
	volumes, err := backup.Classify(model(), backup.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	want := backup.Rest{
		Writers: []string{"worker", "web", "snuba-api", "pgbouncer"},
		Stores:  []string{"vroom", "taskbroker", "postgres", "redis", "clickhouse"},
	}
	if d := cmp.Diff(want, backup.PlanRest(model(), model().ServicesIn(""), volumes, false)); d != "" {
		t.Error(d)
	}
	closed := backup.PlanRest(model(), model().ServicesIn(""), volumes, true)
	if d := cmp.Diff([]string{"worker", "nginx", "relay", "web", "snuba-api", "pgbouncer"}, closed.Writers); d != "" {
		t.Error(d)
	}
}

func TestRetention(t *testing.T) {
	day := func(n int, hour int) time.Time { return time.Date(2026, 1, n, hour, 0, 0, 0, time.UTC) }
	nightly := func(days ...int) []backup.Dated {
		var all []backup.Dated
		for _, d := range days {
			all = append(all, backup.Dated{ID: fmt.Sprint(d), Time: day(d, 3), Good: true})
		}
		return all
	}
	cases := []struct {
		name string
		r    backup.Retention
		in   []backup.Dated
		want []string
	}{
		{"nothing asked for keeps all", backup.Retention{}, nightly(1, 2), []string{"2 no retention is set", "1 no retention is set"}},
		{"last", backup.Retention{Last: 2}, nightly(1, 2, 3), []string{"3 last", "2 last", "1 -"}},
		{"daily takes the newest of a day", backup.Retention{Daily: 2}, append(nightly(1, 2), backup.Dated{ID: "2b", Time: day(2, 9), Good: true}),
			[]string{"2b daily", "2 -", "1 daily"}},
		{"weeks begin on Monday", backup.Retention{Weekly: 2}, nightly(3, 4, 5, 6), []string{"6 weekly", "5 -", "4 weekly", "3 -"}},
		{"reasons add up", backup.Retention{Last: 1, Monthly: 1, Yearly: 1}, nightly(1, 2), []string{"2 last,monthly,yearly", "1 -"}},
		{"one that is not good takes no place", backup.Retention{Last: 1}, append(nightly(1), backup.Dated{ID: "x", Time: day(2, 3)}), []string{"x -", "1 last"}},
		{"one stays in any case", backup.Retention{Hourly: -1}, nightly(1, 2), []string{"2 the newest good one", "1 -"}},
		{"none", backup.Retention{Last: 1}, nil, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, k := range c.r.Apply(c.in) {
				reasons := strings.Join(k.Reasons, ",")
				if !k.Stays() {
					reasons = "-"
				}
				got = append(got, k.ID+" "+reasons)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRetentionKeepsWhatItPromises(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		r := backup.Retention{Last: rng.IntN(4) - 1, Hourly: rng.IntN(3), Daily: rng.IntN(4), Weekly: rng.IntN(3), Monthly: rng.IntN(3), Yearly: rng.IntN(3)}
		var in []backup.Dated
		for i := range rng.IntN(30) {
			in = append(in, backup.Dated{ID: fmt.Sprint(i), Time: time.Unix(rng.Int64N(3e7), 0).UTC(), Good: rng.IntN(4) > 0})
		}
		out := r.Apply(in)
		stays := slices.DeleteFunc(slices.Clone(out), func(k backup.Kept) bool { return !k.Stays() })
		good := slices.ContainsFunc(in, func(d backup.Dated) bool { return d.Good })
		switch {
		case len(out) != len(in):
			t.Fatalf("%+v: %d of %d were judged", r, len(out), len(in))
		case len(in) > 0 && len(stays) == 0:
			t.Fatalf("%+v leaves nothing of %+v", r, in)
		case good && !slices.ContainsFunc(stays, func(k backup.Kept) bool { return isGood(in, k.ID) }):
			t.Fatalf("%+v leaves nothing good of %+v", r, in)
		}
		more := r
		more.Daily++
		if n := len(stays); !r.IsZero() && n > len(slices.DeleteFunc(more.Apply(in), func(k backup.Kept) bool { return !k.Stays() })) {
			t.Fatalf("%+v keeps more than %+v", r, more)
		}
	}
}

func isGood(in []backup.Dated, id string) bool {
	return slices.ContainsFunc(in, func(d backup.Dated) bool { return d.ID == id && d.Good })
}

func TestPrediction(t *testing.T) {
	cases := []struct {
		name string
		in   backup.Pace
		want time.Duration
	}{
		{"nothing measured", backup.Pace{}, time.Second},
		{"services alone", backup.Pace{Services: 10}, 1500 * time.Millisecond},
		{"changes at the speed measured", backup.Pace{Changed: 200 << 20, Read: 1 << 30, ReadTime: 10 * time.Second, Scan: 3 * time.Second}, 4 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := backup.Predict(c.in).Round(time.Millisecond); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestManifestReadsBack(t *testing.T) {
	want := backup.Manifest{Schema: 1, Set: "1", Site: "s", Version: "25.10.0", Mode: backup.Precopy, Begun: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Volumes: []backup.SavedVolume{{Volume: backup.Volume{Name: "sentry-data", Class: backup.Durable}, Saved: backup.Saved{Snapshot: "a", Root: "k1", Bytes: 3}}},
		Omitted: []backup.Volume{{Name: "sentry-kafka", Class: backup.Queue, Reason: "x"}}}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := backup.DecodeManifest(data)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	for text, code := range map[string]fault.Code{"{": fault.Integrity, `{"schema":9}`: fault.Other, `{}`: fault.Other} {
		if _, err := backup.DecodeManifest([]byte(text)); fault.CodeOf(err) != code {
			t.Errorf("%s: got %v, want code %d", text, err, code)
		}
	}
}

// Directories are named after what a manifest names.
func TestHostileNamesInAManifestAreRefused(t *testing.T) {
	for _, text := range []string{
		`{"schema":1,"set":"1","volumes":[{"name":"../../etc/cron.d"}]}`, `{"schema":1,"set":"1","volumes":[{"name":".."}]}`,
		`{"schema":1,"set":"1","volumes":[{"name":""}]}`, `{"schema":1,"set":"../1"}`, `{"schema":1,"set":"1\u001b[2J"}`, `{"schema":1}`,
	} {
		if m, err := backup.DecodeManifest([]byte(text)); fault.CodeOf(err) != fault.Integrity {
			t.Errorf("%s: got %+v, %v", text, m, err)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add([]byte(`{"schema":1,"volumes":[{"name":"x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) { backup.DecodeManifest(data) })
}

func TestHowLongServicesMayRest(t *testing.T) {
	cases := []struct {
		name                   string
		asked, predicted, want time.Duration
	}{
		{"as asked for", time.Minute, time.Hour, time.Minute},
		{"a short rest", 0, time.Second, 10 * time.Minute},
		{"a long one", 0, 5 * time.Minute, 15 * time.Minute},
		{"all is read during it", 0, 0, 0},
		{"all is read during it, and there is a limit", time.Hour, 0, time.Hour},
	}
	for _, c := range cases {
		if got := backup.LongestRest(c.asked, c.predicted); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
