package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sentryctl/sentryctl/"

// allowed lists, for every package of the project, those of ours that it may
// import. A package without a row fails the test, and so does a row without a
// package.
var allowed = map[string][]string{
	"cmd/sentryctl": {"*"},
	"templates":     {},

	"internal/arch":     {},
	"internal/fault":    {},
	"internal/event":    {},
	"internal/workload": {},
	"internal/priority": {},
	"internal/postgres": {},
	"internal/calver":   {},
	"internal/cgroup":   {},
	"internal/step":     {"internal/event", "internal/fault"},
	"internal/site":     {"internal/calver", "internal/fault", "internal/step"},

	"internal/catalog":        {"internal/calver", "internal/fault"},
	"internal/release":        {"internal/calver", "internal/event", "internal/fault"},
	"internal/release/remote": {"internal/fault", "internal/release"},
	"internal/geoip":          {"internal/fault"},
	"internal/trial":          {"internal/config"},
	"internal/transfer":       {"internal/calver", "internal/event", "internal/fault", "internal/release", "internal/workload"},
	"internal/health":         {"internal/fault", "internal/workload"},

	"internal/config": {"internal/calver", "internal/config/envfile", "internal/config/merge", "internal/config/option", "internal/config/pyconf",
		"internal/config/yamltext", "internal/fault", "templates"},
	"internal/config/envfile":  {},
	"internal/config/merge":    {},
	"internal/config/option":   {"internal/calver"},
	"internal/config/pyconf":   {},
	"internal/config/tune":     {"internal/calver"},
	"internal/config/yamltext": {},

	"internal/preflight":         {"internal/calver", "internal/fault"},
	"internal/preflight/machine": {"internal/preflight"},
	"internal/helper":            {"internal/fault", "internal/preflight", "internal/preflight/machine"},

	"internal/stack":   {"internal/calver", "internal/cgroup", "internal/event", "internal/fault", "internal/release", "internal/workload"},
	"internal/apply":   {"internal/event", "internal/site", "internal/step"},
	"internal/install": {"internal/calver", "internal/config", "internal/event", "internal/fault", "internal/release", "internal/site", "internal/step", "internal/workload"},

	"internal/backup": {"internal/backup/capture", "internal/backup/repository", "internal/event", "internal/fault", "internal/priority",
		"internal/release", "internal/site", "internal/step", "internal/workload"},
	"internal/backup/capture":                   {"internal/backup/repository", "internal/fault", "internal/priority"},
	"internal/backup/repository":                {"internal/fault"},
	"internal/backup/repository/repositorytest": {"internal/backup/repository"},
	"internal/backup/joblog":                    {},
	"internal/backup/metrics":                   {"internal/site"},
	"internal/backup/notify":                    {"internal/fault", "internal/site"},
	"internal/backup/schedule":                  {"internal/backup", "internal/fault", "internal/site", "templates"},

	"internal/upgrade": {"internal/backup", "internal/calver", "internal/config", "internal/event", "internal/fault", "internal/health", "internal/install", "internal/release",
		"internal/site", "internal/step", "internal/upgrade/gate", "internal/workload"},
	"internal/upgrade/adopt":  {"internal/calver", "internal/fault"},
	"internal/upgrade/gate":   {"internal/calver", "internal/config/merge", "internal/config/pyconf", "internal/upgrade/plan"},
	"internal/upgrade/policy": {"internal/calver", "internal/config/option", "internal/fault", "internal/site"},
	"internal/upgrade/plan":   {"internal/calver", "internal/catalog", "internal/fault"},

	"internal/ui/format":     {},
	"internal/ui/redact":     {"internal/event"},
	"internal/ui/plain":      {"internal/event", "internal/ui/format"},
	"internal/ui/report":     {"internal/preflight", "internal/ui/format"},
	"internal/ui/jsonl":      {"internal/event"},
	"internal/ui/tui":        {"internal/event", "internal/ui/format"},
	"internal/ui/tui/wizard": {"internal/calver", "internal/config", "internal/config/tune", "internal/fault", "internal/ui/format"},
	"internal/ui/uitest":     {"internal/event"},
}

// walls lists modules of others that only some packages may import. They are
// prefixes of import paths. The lab is no part of the product and stands
// outside of them.
var walls = map[string][]string{
	"github.com/spf13/cobra":          {"cmd/sentryctl"},
	"charm.land/bubbletea":            {"internal/ui/tui", "internal/ui/tui/wizard"},
	"charm.land/huh":                  {"internal/ui/tui/wizard"},
	"github.com/Masterminds/semver":   {"internal/calver"},
	"github.com/docker/":              {"internal/stack"},
	"github.com/moby/":                {"internal/stack"},
	"github.com/compose-spec/":        {"internal/stack"},
	"github.com/kopia/":               {"internal/backup/repository"},
	module + "lab":                    {},
	"github.com/maxmind/geoipupdate":  {"internal/geoip"},
	"github.com/minio/minio-go":       {"internal/helper"},
	"github.com/rogpeppe/go-internal": {},
	"github.com/santhosh-tekuri/":     {"internal/config"},
	"github.com/agnivade/levenshtein": {"internal/calver", "internal/config/option", "internal/preflight"},
	"go.opentelemetry.io/":            {},
	"github.com/google/go-cmp":        {},
	"github.com/twmb/franz-go":        {},
	"github.com/jackc/pgx":            {"internal/postgres"},
	"github.com/google/renameio":      {"internal/geoip", "internal/site", "internal/transfer"},
	"github.com/gofrs/flock":          {"internal/site"},
	"github.com/charmbracelet/x/ansi": {"internal/ui/format", "internal/ui/tui"},
}

// row is what `go list` says of a package; tests of a package do not count.
type row struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) map[string]row {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	rows := map[string]row{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var r row
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			return rows
		} else if err != nil {
			t.Fatal(err)
		}
		rows[strings.TrimPrefix(r.ImportPath, module)] = r
	}
}

func inLab(pkg string) bool { return pkg == "lab" || strings.HasPrefix(pkg, "lab/") }

func TestImportsStayInsideTheTable(t *testing.T) {
	for pkg, r := range packages(t) {
		if inLab(pkg) {
			continue // the lab may use everything; nobody may use the lab
		}
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s has no row in the table", pkg)
			continue
		}
		for _, path := range r.Imports {
			ours, is := strings.CutPrefix(path, module)
			if is && !slices.Contains(may, ours) && !slices.Contains(may, "*") {
				t.Errorf("%s may not import %s", pkg, ours)
			}
		}
	}
}

func TestEveryRowHasAPackage(t *testing.T) {
	have := packages(t)
	for pkg, may := range allowed {
		if _, ok := have[pkg]; !ok {
			t.Errorf("the table lists %s, which is not there", pkg)
		}
		for _, other := range may {
			if _, ok := have[other]; !ok && other != "*" {
				t.Errorf("%s may import %s, which is not there", pkg, other)
			}
		}
	}
}

func TestModulesStayBehindTheirWalls(t *testing.T) {
	for pkg, r := range packages(t) {
		if inLab(pkg) {
			continue
		}
		for _, path := range r.Imports {
			for prefix, inside := range walls {
				if strings.HasPrefix(path, prefix) && !slices.Contains(inside, pkg) {
					t.Errorf("%s may not import %s", pkg, path)
				}
			}
		}
	}
}
