package uitest_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

func TestAllHoldsEveryEventTypeWithEveryField(t *testing.T) {
	want, err := uitest.EventTypes("../../event/event.go")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range uitest.All() {
		v := reflect.ValueOf(e)
		got[v.Type().Name()] = e.Type()
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s is not set", v.Type().Name(), v.Type().Field(i).Name)
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("All() and package event differ (-event +All):\n%s", d)
	}
}
