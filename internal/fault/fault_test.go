package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
)

func TestCodeAndHintSurviveWrapping(t *testing.T) {
	inner := fault.New(fault.NoEngine, "Start it with: systemctl start docker", "connect: %w", errors.New("refused"))
	outer := fault.New(fault.Resumable, "", "pull images: %w", inner)
	cases := []struct {
		name     string
		err      error
		wantCode fault.Code
		wantHint string
	}{
		{"nil", nil, fault.OK, ""},
		{"plain", errors.New("x"), fault.Other, ""},
		{"wrapped", fmt.Errorf("install: %w", inner), fault.NoEngine, "Start it with: systemctl start docker"},
		{"outer code wins, inner hint is found", outer, fault.Resumable, "Start it with: systemctl start docker"},
		{"cancelled", fmt.Errorf("step: %w", context.Canceled), fault.Cancelled, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := fault.CodeOf(c.err); got != c.wantCode {
				t.Errorf("code: got %d, want %d", got, c.wantCode)
			}
			if got := fault.HintOf(c.err); got != c.wantHint {
				t.Errorf("hint: got %q, want %q", got, c.wantHint)
			}
		})
	}
}
