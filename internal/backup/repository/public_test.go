package repository_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// publicTool builds the public kopia tool out of its module, which go.mod names
// as a tool. The build's cache makes it quick from the second time on.
func publicTool(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("the public tool is not built in a short run")
	}
	path := filepath.Join(t.TempDir(), "kopia")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/kopia/kopia").CombinedOutput()
	if err != nil {
		t.Fatalf("build the public tool: %v: %s", err, out)
	}
	return path
}

func TestPublicToolReadsWhatWeWrote(t *testing.T) {
	tool := publicTool(t)
	a, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "base/1"), data(1, 1<<20), 0o600)
	put(t, filepath.Join(dir, "PG_VERSION"), []byte("14\n"), 0o600)
	w := write(t, r, repository.Options{Dir: dir, Tags: map[string]string{"set": "7"}})
	home := t.TempDir()
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "KOPIA_PASSWORD="+password, "KOPIA_CONFIG_PATH="+filepath.Join(home, "c.config"),
			"KOPIA_CACHE_DIRECTORY="+filepath.Join(home, "cache"), "KOPIA_LOG_DIR="+filepath.Join(home, "log"), "KOPIA_CHECK_FOR_UPDATES=false")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("kopia %v: %v: %s", args, err, stderr.Bytes())
		}
		return out
	}
	run("repository", "connect", "filesystem", "--path", a.Target.Path)
	var list []struct {
		ID     string `json:"id"`
		Source struct{ Host, UserName, Path string }
	}
	if err := json.Unmarshal(run("snapshot", "list", "--all", "--json", "--tags", "set:7"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].ID != w.ID || list[0].Source.Host != source.Site || list[0].Source.Path != source.Path {
		t.Errorf("got %+v, want one snapshot %s of %v", list, w.ID, source)
	}
	run("snapshot", "verify", "--verify-files-percent=100")
	if got := run("show", w.Root+"/PG_VERSION"); string(got) != "14\n" {
		t.Errorf("got %q", got)
	}
	to := filepath.Join(t.TempDir(), "out")
	run("restore", w.ID, to)
	if got, err := os.ReadFile(filepath.Join(to, "base/1")); err != nil || !bytes.Equal(got, data(1, 1<<20)) {
		t.Errorf("restored %d bytes, %v", len(got), err)
	}
}
