package backup

import (
	"bufio"
	"bytes"
	"context"
	"strconv"
	"strings"
)

// offsetsRead is what Kafka said, or why it said nothing.
type offsetsRead struct {
	list    []Offset
	problem string
}

// broker is where Kafka's tools find it, in its own container.
const broker = "127.0.0.1:9092"

// readOffsets asks Kafka where the consumer groups stand. It is asked while
// the volumes are read: its tool takes seconds to start.
func (e *Env) readOffsets(ctx context.Context) <-chan offsetsRead {
	out := make(chan offsetsRead, 1)
	go func() {
		list, err := AskOffsets(ctx, e.Stack)
		if err != nil {
			out <- offsetsRead{problem: err.Error()}
			return
		}
		out <- offsetsRead{list: list}
	}()
	return out
}

// AskOffsets asks Kafka where the consumer groups stand.
func AskOffsets(ctx context.Context, x executor) ([]Offset, error) {
	table, err := ask(ctx, x, "kafka", "kafka-consumer-groups", "--bootstrap-server", broker, "--describe", "--all-groups")
	return ParseOffsets([]byte(table)), err
}

// ParseOffsets reads the table of `kafka-consumer-groups --describe`: group,
// topic, partition, offset, end of the log and lag come first. A group that has
// committed nothing stands at the beginning of an empty log; of another one it
// is not known where. Other lines are passed over.
func ParseOffsets(text []byte) []Offset {
	var list []Offset
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 5 {
			continue
		}
		partition, err := strconv.Atoi(f[2])
		if err != nil {
			continue
		}
		end, err := strconv.ParseInt(f[4], 10, 64)
		if err != nil {
			continue
		}
		offset, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil && (f[3] != "-" || end != 0) {
			continue
		}
		list = append(list, Offset{Group: f[0], Topic: f[1], Partition: partition, Offset: offset, Lag: end - offset})
	}
	return list
}
