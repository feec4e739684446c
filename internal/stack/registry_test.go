package stack

import (
	"strings"
	"testing"
)

// Registries are asked as a pull would ask them, and nothing is pulled.
func TestImagesAreAskedForWithoutAPull(t *testing.T) {
	e := realEngine(t)
	address := startRegistry(t, e)
	there, not, nobody := address+"/there:1", address+"/not-there:1", "127.0.0.1:1/box:1"
	publish(t, e, there)
	e = logIn(t, address, registryPassword)
	failed := e.AtRegistry(t.Context(), []string{there, not, nobody})
	if len(failed) != 2 || failed[not] == nil || failed[nobody] == nil || !strings.Contains(failed[nobody].Error(), "refused") {
		t.Errorf("got %v", failed)
	}
	if here, err := e.ImagePresent(t.Context(), there); err != nil || here {
		t.Errorf("it was pulled: %v, %v", here, err)
	}
	if failed := logIn(t, address, "wrong").AtRegistry(t.Context(), []string{there}); failed[there] == nil {
		t.Error("a wrong password went through")
	}
}
