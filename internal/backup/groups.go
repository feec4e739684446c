package backup

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// doorTopics are those that Relay and the uptime checker fill (KafkaTopic in
// Relay's configuration). What is in them since a backup has to be worked
// through again. All other topics are filled by consumers, which fill them
// again when they read these.
func doorTopics() []string {
	return []string{
		"ingest-events", "ingest-attachments", "ingest-transactions", "ingest-feedback-events", "ingest-metrics",
		"ingest-performance-metrics", "ingest-sessions", "ingest-replay-events", "ingest-replay-recordings",
		"ingest-monitors", "ingest-spans", "profiles", "uptime-results",
	}
}

// PlanGroups says where consumer groups are to stand once the data of a backup
// is back, given where each stands now. A group reads on where the backup's
// data ends. In a topic that consumers fill, what has come since is going to
// be written again, so a group that had read all of it goes on at the end.
// Nothing is put beyond the end of its log where that is known; Kafka's tool
// brings the others within theirs.
func PlanGroups(recorded, now []Offset) []Offset {
	ends := map[string]int64{}
	for _, o := range now {
		ends[o.partition()] = max(ends[o.partition()], o.end())
	}
	var list []Offset
	for _, o := range recorded {
		end, known := ends[o.partition()]
		if known && o.Lag == 0 && !slices.Contains(doorTopics(), o.Topic) {
			o.Offset = end
		}
		if known {
			o.Offset = min(o.Offset, end)
		}
		o.Lag = 0
		list = append(list, o)
	}
	return list
}

// end is where the log of the partition ended.
func (o Offset) end() int64 { return o.Offset + o.Lag }

func (o Offset) partition() string { return o.Topic + "/" + strconv.Itoa(o.Partition) }

func (o Offset) member() string { return o.Group + " " + o.partition() }

// missingTopics gives the topics that groups are to stand in and that Kafka
// does not have in full, each with its number of partitions.
func missingTopics(recorded []Offset, have map[string]int) map[string]int {
	missing := map[string]int{}
	for _, o := range recorded {
		if o.Partition >= have[o.Topic] {
			missing[o.Topic] = max(missing[o.Topic], o.Partition+1)
		}
	}
	return missing
}

// groupsFile is what `kafka-consumer-groups --from-file` takes for several
// groups: group, topic, partition, offset.
func groupsFile(list []Offset) (text string, groups []string) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, o := range list {
		fmt.Fprintf(&b, "%s,%s,%d,%d\n", o.Group, o.Topic, o.Partition, o.Offset)
		seen[o.Group] = true
	}
	return b.String(), slices.Sorted(maps.Keys(seen))
}

// astray gives the groups that do not stand where they were put. Further on is
// right where a log has lost its beginning, and its end where it is shorter.
func astray(wanted, now []Offset) []Offset {
	at := map[string]Offset{}
	for _, o := range now {
		at[o.member()] = o
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(o Offset) bool {
		got, there := at[o.member()]
		return there && (got.Offset >= o.Offset && got.Lag >= 0 || got.Lag == 0)
	})
}

// parseTopics reads `kafka-topics --describe`: topics with their number of
// partitions.
func parseTopics(text []byte) map[string]int {
	topics := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(strings.ReplaceAll(lines.Text(), ":", ": "))
		if len(f) < 4 || f[0] != "Topic:" {
			continue
		}
		n := 0
		for i := 2; i+1 < len(f); i++ {
			switch f[i] {
			case "PartitionCount:":
				n, _ = strconv.Atoi(f[i+1]) // 0 for what is no number
			case "Partition:":
				p, _ := strconv.Atoi(f[i+1])
				n = p + 1
			}
		}
		topics[f[1]] = max(topics[f[1]], n)
	}
	return topics
}

// known leaves out what no file for Kafka's tool may hold. The list comes from
// a repository, so it is looked at first.
func known(recorded []Offset) []Offset {
	plain := func(name string) bool {
		return name != "" && !strings.HasPrefix(name, "-") && !strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-:", r)
		})
	}
	list := slices.DeleteFunc(slices.Clone(recorded), func(o Offset) bool {
		return !plain(o.Group) || !plain(o.Topic) || o.Partition < 0 || o.Offset < 0
	})
	slices.SortFunc(list, func(a, b Offset) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return list
}
