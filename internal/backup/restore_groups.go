package backup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// Groups brings Kafka's consumer groups to where the data of a backup ends.
type Groups struct {
	Set   Set
	Stack executor // of a project whose Kafka runs and whose consumers do not
	Sink  event.Sink
}

// Put makes the topics that are missing and sets the groups through Kafka's
// own tools (from Kafka 2.4 on, cp-kafka 5.4), then looks whether they stand
// there. It can be repeated.
func (g Groups) Put(ctx context.Context) error {
	recorded := known(g.Set.Offsets)
	if len(recorded) == 0 {
		return nil
	}
	if err := g.makeTopics(ctx, recorded); err != nil {
		return err
	}
	now, err := AskOffsets(ctx, g.Stack)
	if err != nil {
		return err
	}
	wanted := PlanGroups(recorded, now)
	if err := g.set(ctx, wanted); err != nil {
		return err
	}
	if now, err = AskOffsets(ctx, g.Stack); err != nil {
		return err
	}
	if left := astray(wanted, now); len(left) > 0 {
		return fmt.Errorf("%d of %d consumer groups do not stand where they were put, the first is %s in %s", len(left), len(wanted), left[0].Group, left[0].partition())
	}
	g.Sink.Emit(event.Log{Source: "kafka", Text: fmt.Sprintf("%d offsets of consumer groups are set", len(wanted))})
	return nil
}

func (g Groups) makeTopics(ctx context.Context, recorded []Offset) error {
	table, err := ask(ctx, g.Stack, "kafka", "kafka-topics", "--bootstrap-server", broker, "--describe")
	if err != nil {
		return err
	}
	have := parseTopics([]byte(table))
	missing := missingTopics(recorded, have)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		command := []string{"kafka-topics", "--bootstrap-server", broker, "--create", "--topic", name, "--partitions", strconv.Itoa(missing[name])}
		if have[name] > 0 {
			command[3] = "--alter"
		}
		if _, err := ask(ctx, g.Stack, "kafka", command...); err != nil {
			return err
		}
	}
	return nil
}

// groupsPath is where Kafka's tool finds what to set, in its container.
const groupsPath = "/tmp/sentryctl-groups.csv"

func (g Groups) set(ctx context.Context, wanted []Offset) error {
	text, groups := groupsFile(wanted)
	command := []string{"sh", "-c", `cat >` + groupsPath + ` && "$@"; code=$?; rm -f ` + groupsPath + `; exit $code`, "set-groups",
		"kafka-consumer-groups", "--bootstrap-server", broker, "--reset-offsets", "--from-file", groupsPath, "--execute"}
	for _, name := range groups {
		command = append(command, "--group", name)
	}
	res, err := g.Stack.Exec(ctx, "kafka", workload.Exec{Command: command, Stdin: []byte(text), Quiet: true})
	if err == nil && res.ExitCode != 0 {
		err = fmt.Errorf("exit code %d: %.200s", res.ExitCode, strings.TrimSpace(string(res.Stderr)))
	}
	if err != nil {
		return fmt.Errorf("set consumer groups: %w", err)
	}
	return nil
}

// noGroups says why consumer groups are left alone, "" when they are not.
func noGroups(_ context.Context, e *RestoreEnv) (string, error) {
	switch {
	case e.ConfigOnly:
		return "only the configuration is asked for", nil
	case len(e.Volumes) > 0:
		return "only volumes are asked for", nil
	case e.NoStart && !e.Groups:
		return "what follows does it", nil
	case !slices.ContainsFunc(e.Stack.Model().Services, func(s release.Service) bool { return s.Name == "kafka" }):
		return "this project has no Kafka of its own", nil
	case len(e.Set.Offsets) == 0:
		return "the backup does not say where they stood", nil
	}
	return "", nil
}

// groups sets the consumer groups while nobody reads. Data that is back is not
// held up by a Kafka that refuses: its groups then stand where its own logs
// are, and what came since the backup is not read again.
func (e *RestoreEnv) groups(ctx context.Context) error {
	err := e.Stack.Start(ctx, "kafka")
	if err == nil {
		err = Groups{Set: e.Set, Stack: e.Stack, Sink: e.Sink}.Put(ctx)
	}
	if err == nil || ctx.Err() != nil || fault.CodeOf(err) == fault.NoEngine {
		return err
	}
	e.lack = "consumer groups are not set, so events that came since the backup may be missing or be read twice: " + err.Error()
	e.Sink.Emit(event.Notice{Level: "warn", Text: e.lack, Hint: groupsHint})
	return nil
}

const groupsHint = "Look where they stand: docker compose exec kafka kafka-consumer-groups --bootstrap-server " + broker + " --describe --all-groups"

// Lacks is a fault when the site is back but not everything could be done.
func (e *RestoreEnv) Lacks() error {
	if e.lack == "" {
		return nil
	}
	return fault.New(fault.Incomplete, groupsHint, "the backup is restored, but %s", e.lack)
}
