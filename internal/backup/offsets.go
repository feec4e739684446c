package backup

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// offsetsRead is what Kafka said, or why it said nothing.
type offsetsRead struct {
	list    []Offset
	problem string
}

// readOffsets asks Kafka where the consumer groups stand. It is asked while
// the volumes are read: its tool takes seconds to start.
func (e *Env) readOffsets(ctx context.Context) <-chan offsetsRead {
	out := make(chan offsetsRead, 1)
	go func() {
		res, err := e.Stack.Exec(ctx, "kafka", workload.Exec{Quiet: true,
			Command: []string{"kafka-consumer-groups", "--bootstrap-server", "127.0.0.1:9092", "--describe", "--all-groups"}})
		switch {
		case err != nil:
			out <- offsetsRead{problem: err.Error()}
		case res.ExitCode != 0:
			out <- offsetsRead{problem: fmt.Sprintf("kafka-consumer-groups ended with exit code %d", res.ExitCode)}
		default:
			out <- offsetsRead{list: ParseOffsets(res.Stdout)}
		}
	}()
	return out
}

// ParseOffsets reads the table of `kafka-consumer-groups --describe`: group,
// topic, partition and offset come first. Other lines, and partitions without
// an offset, are passed over.
func ParseOffsets(text []byte) []Offset {
	var list []Offset
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 {
			continue
		}
		partition, err := strconv.Atoi(f[2])
		if err != nil {
			continue
		}
		offset, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			continue
		}
		list = append(list, Offset{Group: f[0], Topic: f[1], Partition: partition, Offset: offset})
	}
	return list
}
