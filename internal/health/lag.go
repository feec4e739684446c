package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Lag asks whether the consumers keep up: what waits for each group of them is
// little, or gets less.
type Lag struct {
	Commands Commands
	Limit    time.Duration // 0 means 2 min
	Enough   int64         // messages that may always wait; 0 means 1000
}

// Check is the check of the consumers.
func (l Lag) Check() Check {
	return Check{ID: "consumers", Title: "Consumers keep up", Ask: l.Prove}
}

// Prove samples until every group that is behind has caught up by something
// since the first look.
func (l Lag) Prove(ctx context.Context) (string, error) {
	enough := cmp.Or(l.Enough, 1000)
	first := map[string]int64{}
	var now map[string]int64
	err := until(ctx, cmp.Or(l.Limit, 2*time.Minute), func(ctx context.Context) error {
		var err error
		if now, err = l.sample(ctx); err != nil {
			return err
		}
		if len(now) == 0 {
			return errors.New("Kafka knows no consumer that runs")
		}
		var behind []string
		for group, lag := range now {
			before, seen := first[group]
			if !seen {
				first[group] = lag
			}
			if lag > enough && (!seen || lag >= before) {
				behind = append(behind, fmt.Sprintf("%s (%d messages)", group, lag))
			}
		}
		if len(behind) == 0 {
			return nil
		}
		slices.Sort(behind)
		return fault.New(fault.Resumable, "Look at the consumer's output: docker compose logs --tail 50 SERVICE",
			"consumers do not keep up: %s", strings.Join(behind, ", "))
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d groups, %d messages wait", len(now), sum(now)), nil
}

func sum(lags map[string]int64) (n int64) {
	for lag := range maps.Values(lags) {
		n += lag
	}
	return n
}

func (l Lag) sample(ctx context.Context) (map[string]int64, error) {
	list, err := Waiting(ctx, l.Commands)
	lags := map[string]int64{}
	for _, w := range list {
		if w.Read {
			lags[w.Group] += w.Messages
		}
	}
	return lags, err
}

// Waits is how many messages of a topic's partition a group of consumers has still to
// read. Read says that a member of it does: a group without one is left over from an
// older release, or its consumer hangs.
type Waits struct {
	Group, Topic string
	Messages     int64
	Read         bool
}

// Waiting asks Kafka what its consumers have still to read.
func Waiting(ctx context.Context, c Commands) ([]Waits, error) {
	out, err := output(ctx, c, "kafka", "kafka-consumer-groups", "--bootstrap-server", "kafka:9092", "--describe", "--all-groups")
	if err != nil {
		return nil, err
	}
	return parseWaits(out), nil
}

// parseWaits reads the tables of kafka-consumer-groups.
func parseWaits(text string) []Waits {
	var list []Waits
	var columns []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] == "GROUP" {
			columns = fields
			continue
		}
		row := map[string]string{}
		for i, name := range columns {
			if i < len(fields) {
				row[name] = fields[i]
			}
		}
		lag, err := strconv.ParseInt(row["LAG"], 10, 64)
		if err != nil {
			continue
		}
		member := row["CONSUMER-ID"]
		list = append(list, Waits{row["GROUP"], row["TOPIC"], lag, member != "" && member != "-"})
	}
	return list
}
