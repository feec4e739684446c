package stack

import (
	"io"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// A helper has the weight that it is given, and another one while it runs. The
// weight for the disks is passed over by a kernel that knows none. Its scratch
// goes with it.
func TestTalkWeightAndScratch(t *testing.T) {
	s := newSite(t, realEngine(t), "services: {none: {image: "+boxImage+"}}")
	hears, speaks := io.Pipe()
	said, over := make(chan struct{}, 1), make(chan error, 1)
	talk := workload.Talk{Helper: workload.Helper{Name: "backup", Args: []string{"cat"}}, In: hears, Scratch: "/scratch", Weight: workload.Weight{CPU: 110, Disk: 10},
		Line: func([]byte) { said <- struct{}{} }}
	go func() { over <- s.Talk(t.Context(), talk) }()
	select {
	case <-said: // it runs, and waits for more
	case err := <-over:
		t.Fatal(err)
	}
	look := func(want int64) (scratch string) {
		t.Helper()
		c, err := s.engine.api.ContainerInspect(t.Context(), s.containerName("backup"), client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Container.HostConfig.CPUShares; got != want || !c.Container.State.Running {
			t.Errorf("%d shares, want %d; %s", got, want, c.Container.State.Status)
		}
		if m := c.Container.Mounts; len(m) != 1 || m[0].Destination != "/scratch" {
			t.Fatalf("mounts: %+v", m)
		}
		return c.Container.Mounts[0].Name
	}
	scratch := look(110)
	if err := s.Weigh(t.Context(), "backup", workload.Weight{CPU: 1024, Disk: 500}); err != nil {
		t.Error(err)
	}
	look(1024)
	speaks.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if _, err := s.engine.api.VolumeInspect(t.Context(), scratch, client.VolumeInspectOptions{}); !errdefs.IsNotFound(err) {
		t.Errorf("the scratch is left: %v", err)
	}
}
