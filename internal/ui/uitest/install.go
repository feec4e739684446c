package uitest

import (
	"fmt"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
)

// Moment names a point in the scripted run at which a view is worth a look.
type Moment int

// The moments of Install, in order.
const (
	AtStart Moment = iota
	AtPulling
	AtMid
	AtFailed
	AtFinished
)

var installSteps = []event.Step{
	{ID: "external-volumes", Title: "Create the external volumes"},
	{ID: "release-files", Title: "Put the release in place"},
	{ID: "examples", Title: "Copy the example configuration"},
	{ID: "render-config", Title: "Write the configuration"},
	{ID: "secret-key", Title: "Make the secret key"},
	{ID: "memcached-backend", Title: "Check the cache backend"},
	{ID: "relay-credentials", Title: "Make the Relay credentials"},
	{ID: "custom-ca", Title: "Install the custom CA certificates"},
	{ID: "pull-images", Title: "Pull the images"},
	{ID: "build-images", Title: "Build the local images"},
	{ID: "data-engines", Title: "Check the PostgreSQL and ClickHouse versions"},
	{ID: "buckets", Title: "Create the object storage buckets"},
	{ID: "snuba-bootstrap", Title: "Prepare Snuba"},
	{ID: "migrate", Title: "Migrate the database"},
	{ID: "geoip", Title: "Update the GeoIP database"},
	{ID: "admin", Title: "Create the first admin"},
	{ID: "start", Title: "Start the services"},
	{ID: "ready", Title: "Wait until the services are ready"},
	{ID: "front-door", Title: "Prove the front door"},
}

var installImages = []struct {
	name string
	size int64
}{
	{"ghcr.io/getsentry/sentry:25.10.0", 462_000_000},
	{"ghcr.io/getsentry/snuba:25.10.0", 231_000_000},
	{"ghcr.io/getsentry/relay:25.10.0", 58_000_000},
	{"altinity/clickhouse-server:25.3.6.10034.altinitystable", 318_000_000},
	{"postgres:14.19-bookworm", 158_000_000},
	{"nginx:1.29.1-alpine", 21_000_000},
}

// Install returns the beats of a scripted install up to a moment. The run
// that reaches AtFailed fails in the migration; AtFinished is the run that
// ends well.
func Install(until Moment) []Beat {
	s := &script{until: until}
	s.opening()
	if until >= AtPulling {
		s.pulling()
	}
	if until >= AtMid {
		s.middle()
	}
	switch until {
	case AtFailed:
		s.failing()
	case AtFinished:
		s.finishing()
	}
	return s.beats
}

type script struct {
	until Moment
	beats []Beat
}

func (s *script) add(after time.Duration, e event.Event) { s.beats = append(s.beats, Beat{after, e}) }

func (s *script) run(i int, took time.Duration, inside ...event.Event) {
	s.add(0, event.StepStarted{Step: installSteps[i]})
	for _, e := range inside {
		s.add(took/time.Duration(len(inside)+1), e)
	}
	s.add(took/time.Duration(len(inside)+1), event.StepDone{Step: installSteps[i], Elapsed: took})
}

func (s *script) already(i int) { s.add(0, event.StepDone{Step: installSteps[i], Already: true}) }

func (s *script) skip(i int, why string) {
	s.add(0, event.StepSkipped{Step: installSteps[i], Reason: why})
}

func (s *script) opening() {
	s.add(0, event.RunStarted{Run: "20260314-092653-install", Workflow: "install", Version: "25.10.0", Site: "/opt/sentry", Steps: installSteps})
	s.already(0)
	s.run(1, 420*time.Millisecond)
	s.add(100*time.Millisecond, event.StepStarted{Step: installSteps[2]})
}

func (s *script) pulling() {
	s.add(200*time.Millisecond, event.StepDone{Step: installSteps[2], Elapsed: 200 * time.Millisecond})
	s.run(3, 310*time.Millisecond)
	s.run(4, 20*time.Millisecond)
	s.already(5)
	s.run(6, 2100*time.Millisecond, event.Log{Source: "relay", Text: "\x1b[32mcreated\x1b[0m credentials.json"})
	s.skip(7, "no certificates in certificates/")
	s.add(0, event.Notice{Level: "warn", Text: "the machine has no swap; a full install wants 16 GB of it", Hint: "Add it with: sentryctl preflight --fix"})
	s.add(0, event.StepStarted{Step: installSteps[8]})
	for round := int64(1); round <= 8; round++ {
		for i, img := range installImages {
			done := min(img.size, round*34_000_000+int64(i)*1_500_000)
			s.add(700*time.Millisecond, event.Progress{Item: img.name, Unit: "bytes", Done: done, Total: img.size})
		}
	}
}

func (s *script) middle() {
	for _, img := range installImages {
		s.add(4*time.Second, event.Progress{Item: img.name, Unit: "bytes", Done: img.size, Total: img.size})
	}
	s.add(0, event.StepDone{Step: installSteps[8], Elapsed: 57600 * time.Millisecond})
	s.run(9, 41*time.Second,
		event.Log{Source: "sentry-self-hosted-local", Text: "Step 1/4 : ARG SENTRY_IMAGE"},
		event.Log{Source: "sentry-self-hosted-local", Text: "Step 2/4 : FROM ghcr.io/getsentry/sentry:25.10.0"},
		event.Log{Source: "sentry-cleanup-self-hosted-local", Text: "Successfully tagged sentry-cleanup-self-hosted-local:latest"})
	s.run(10, 3200*time.Millisecond)
	s.run(11, 5*time.Second, event.Progress{Item: "nodestore", Unit: "buckets", Done: 1, Total: 2}, event.Progress{Item: "profiles", Unit: "buckets", Done: 2, Total: 2})
	s.run(12, 34*time.Second,
		event.Log{Source: "snuba-api", Text: "2026-03-14 09:29:12,091 Running migration events: 0001_events_initial"},
		event.Log{Source: "snuba-api", Text: "2026-03-14 09:29:13,447 Running migration transactions: 0001_transactions"})
	s.add(0, event.StepStarted{Step: installSteps[13]})
	for i := 1; i <= 14; i++ {
		s.add(900*time.Millisecond, event.Log{Source: "web", Text: fmt.Sprintf("  Applying sentry.%04d_squashed... OK", 700+i)})
	}
}

func (s *script) failing() {
	s.add(2*time.Second, event.StepFailed{Step: installSteps[13], Undone: true, Elapsed: 14600 * time.Millisecond,
		Error: "web: sentry upgrade exited with status 1\ndjango.db.utils.OperationalError: could not extend file \"base/16384/2619\": No space left on device"})
	s.add(0, event.Notice{Level: "warn", Text: "the disk of the Engine's root is full (/var/lib/docker, 0.2 GB free of 40 GB)", Hint: "Free space, then go on with: sentryctl resume"})
	s.add(0, event.RunFinished{Run: "20260314-092653-install", OK: false, Changed: true, Elapsed: 163 * time.Second})
}

func (s *script) finishing() {
	s.add(2*time.Second, event.StepDone{Step: installSteps[13], Elapsed: 14600 * time.Millisecond})
	s.skip(14, "no MaxMind account in the answers")
	s.run(15, 2800*time.Millisecond)
	s.run(16, 11*time.Second, event.Log{Source: "kafka", Text: "[KafkaRaftServer nodeId=1001] Kafka Server started"})
	s.add(0, event.StepStarted{Step: installSteps[17]})
	for i := int64(1); i <= 71; i++ {
		s.add(300*time.Millisecond, event.Progress{Item: fmt.Sprintf("service-%02d", i), Unit: "services", Done: i, Total: 71})
	}
	s.add(0, event.StepDone{Step: installSteps[17], Elapsed: 21300 * time.Millisecond})
	s.run(18, 600*time.Millisecond)
	s.add(0, event.Notice{Level: "info", Text: "Sentry answers at http://sentry.example.com:9000"})
	s.add(0, event.RunFinished{Run: "20260314-092653-install", OK: true, Changed: true, Elapsed: 199 * time.Second})
}

// Play emits beats into a sink and moves the clock.
func Play(clock *Clock, sink event.Sink, beats []Beat) {
	for _, b := range beats {
		clock.Add(b.After)
		sink.Emit(b.Event)
	}
}
