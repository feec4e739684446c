package capture_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/backup/repository/repositorytest"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func made(t *testing.T) repository.Access {
	t.Helper()
	return repositorytest.Make(t, filepath.Join(t.TempDir(), "repo"))
}

func TestCaptureTakesWhatIsThereAtTheWord(t *testing.T) {
	a, dir := made(t), t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, []byte("draft"), 0o600); err != nil {
		t.Fatal(err)
	}
	hears, speaks := io.Pipe()
	var final capture.Pass
	drafts := 0
	req := capture.Request{Access: a, Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: dir}}, Drafts: 2}
	err := capture.Run(t.Context(), req, hears, func(r capture.Report) {
		switch {
		case r.Draft != nil:
			drafts++
		case r.Ready:
			if err := os.WriteFile(file, []byte("final"), 0o600); err != nil {
				t.Error(err)
			}
			go io.WriteString(speaks, capture.Go)
		case r.Final != nil:
			final = *r.Final
		}
	})
	if err != nil || drafts != 1 || len(final.Volumes) != 1 {
		t.Fatalf("%d drafts, final %+v, %v", drafts, final, err)
	}
	to := t.TempDir()
	v := final.Volumes[0]
	wanted := capture.Wanted{Name: "v", Dir: to, Snapshot: v.Snapshot, Root: v.Root, Attributes: v.Attributes}
	if err := capture.Restore(t.Context(), capture.RestoreRequest{Access: a, Volumes: []capture.Wanted{wanted}, Owners: true}, func(capture.Report) {}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "f")); string(got) != "final" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	wanted.Root = "k0"
	err = capture.Restore(t.Context(), capture.RestoreRequest{Access: a, Volumes: []capture.Wanted{wanted}}, func(capture.Report) {})
	if fault.CodeOf(err) != fault.Integrity {
		t.Errorf("a wrong digest: %v", err)
	}
	checkNoDrafts(t, a)
}

func checkNoDrafts(t *testing.T, a repository.Access) {
	t.Helper()
	rep, err := repository.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer rep.Close(context.WithoutCancel(t.Context()))
	list, err := rep.List(t.Context(), repository.Source{})
	if err != nil || len(list) != 1 || list[0].Draft {
		t.Errorf("left: %+v, %v", list, err)
	}
}

func TestWithoutTheWordNothingIsTaken(t *testing.T) {
	a := made(t)
	req := capture.Request{Access: a, Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: t.TempDir()}}}
	err := capture.Run(t.Context(), req, strings.NewReader(""), func(r capture.Report) {
		if r.Final != nil {
			t.Error("took it")
		}
	})
	if !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsHeardIsNotRepeated(t *testing.T) {
	_, err := capture.Hear(strings.NewReader("{\"access\": \"hunter2\n"), &capture.Request{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func FuzzUnderstand(f *testing.F) {
	f.Add([]byte(`{"final":{"volumes":[{"name":"x"}]}}`))
	f.Fuzz(func(t *testing.T, line []byte) { capture.Understand(line) })
}
