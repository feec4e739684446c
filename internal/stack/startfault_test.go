package stack

import (
	"errors"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// An Engine passes on what the system says of a full disk, in the words of whatever it did.
func TestFullDiskOfTheEngine(t *testing.T) {
	const says = "Error response from daemon: mkdir /var/lib/docker/overlay2/0a: no space left on device"
	refs := []string{"web:1", "snuba:1"}
	for name, err := range map[string]error{
		"a start": startFault(errors.New(says)),
		"a pull":  pullFault(refs, []error{errors.New("manifest unknown"), errors.New(says)}),
	} {
		if fault.CodeOf(err) != fault.Resumable || fault.HintOf(err) != roomHint {
			t.Errorf("%s: got code %d, hint %q", name, fault.CodeOf(err), fault.HintOf(err))
		}
	}
	if err := pullFault(refs, []error{errors.New("manifest unknown"), nil}); fault.HintOf(err) == roomHint {
		t.Errorf("a pull that fails for another reason: got hint %q", fault.HintOf(err))
	}
}
