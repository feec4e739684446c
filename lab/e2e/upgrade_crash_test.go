package e2e

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// An upgrade that is killed after each record of its journals, of every hop,
// and taken up again each time comes to what one that nobody disturbs comes to.
func TestUpgradeKilledAfterEveryRecord(t *testing.T) {
	labtest.Long(t)
	var there, back whole
	if !t.Run("undisturbed", func(t *testing.T) { there, back = undisturbed(t) }) {
		t.FailNow()
	}
	b := beforeUpgrade(t, "24.8.0", older, newer)
	killed := killedAllTheWay(t, b, b.upgrade())
	if killed < 2*20 {
		t.Errorf("killed only %d times in two hops", killed)
	}
	b.serves(t, newer)
	b.comesTo(t, there)
	// The way back is walked in the same manner.
	killedAllTheWay(t, b, []string{"rollback", "--site", b.Dir, "--yes"})
	b.serves(t, older)
	b.comesTo(t, back)
}

// undisturbed is what the same way comes to, there and back, on a site of its own.
func undisturbed(t *testing.T) (there, back whole) {
	t.Helper()
	b := beforeUpgrade(t, "24.8.0", older, newer)
	sentryctl(t, b.Site, b.upgrade()...).exits(0)
	b.serves(t, newer)
	there = b.whole(t)
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	b.serves(t, older)
	return there, b.whole(t)
}

// killedAllTheWay kills a command after each record, takes it up again each
// time, and returns how often that was.
func killedAllTheWay(t *testing.T, b before, command []string) (killed int) {
	t.Helper()
	for ; killed < mostRecords; killed++ {
		e := killAfterRecord(t, b.Site, command)
		if e.code == int(fault.Usage) && strings.HasPrefix(e.last("error").Error, "nothing to resume") {
			break // killed after the very last record
		}
		if e.code > 0 {
			r := lastRecord(t, b.Site)
			t.Logf("killed %d times, the journal has come to %s %s; the site has %v", killed, r.Kind, r.Step, files(t, b.Dir))
		}
		if e.code >= 0 {
			e.exits(0)
			break
		}
		lockIsFree(t, b.Site)
		command = []string{"resume", "--site", b.Dir}
	}
	t.Logf("%s: killed %d times", command[0], killed)
	return killed
}

// mostRecords is more than two hops write: a walk that gets nowhere ends.
const mostRecords = 200

// killAfterRecord runs sentryctl until it has written a record that the site's
// journals did not hold, and kills it. A run that ends by itself is returned as
// it ended.
func killAfterRecord(t *testing.T, s *labtest.Site, command []string) ended {
	t.Helper()
	had := recorded(t, s)
	p := start(t, s, command...)
	for {
		line, ok := p.next("another record")
		if !ok {
			return p.wait()
		}
		if line.Type == "step_failed" {
			t.Errorf("%s: a kill is no failure: %s: %s", command[0], line.ID, line.Error)
		}
		if !strings.HasPrefix(line.Type, "step_") && !strings.HasPrefix(line.Type, "run_") {
			continue
		}
		if slices.ContainsFunc(recorded(t, s), func(r string) bool { return !slices.Contains(had, r) }) {
			p.signal(syscall.SIGKILL)
			return p.wait()
		}
	}
}

// recorded are the records of all journals, each as run, step and kind: one
// that comes again because its step is repeated counts once.
func recorded(t *testing.T, s *labtest.Site) []string {
	t.Helper()
	at, err := site.At(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, run := range runs(t, at) {
		for _, r := range run.Records {
			if r.Kind == step.KindFailed {
				continue // what was cut short is told so by the next run
			}
			out = append(out, run.ID+" "+string(r.Step)+" "+string(r.Kind))
		}
	}
	return out
}
