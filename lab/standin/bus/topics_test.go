package bus

import (
	"slices"
	"testing"
)

// Every consumer's topic must be made by bootstrap: a topic made on first use
// would hide a release tree that forgets bootstrap.
func TestAllTopicsHoldsThoseOfEveryConsumer(t *testing.T) {
	all := AllTopics()
	if !slices.IsSorted(all) {
		t.Errorf("not sorted: %v", all)
	}
	var used []string
	for _, topics := range SentryConsumers() {
		used = append(used, topics...)
	}
	for _, m := range []map[string]string{SnubaStorages(), SchedulerTopics()} {
		for _, topic := range m {
			used = append(used, topic)
		}
	}
	for _, topic := range used {
		if !slices.Contains(all, topic) {
			t.Errorf("nobody makes %s", topic)
		}
	}
}
