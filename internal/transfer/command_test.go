package transfer

import (
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func TestCommandsOfEachGeneration(t *testing.T) {
	some := []string{"a@example.com", "b@example.com"}
	cases := []struct {
		name, version string
		export        *Export
		imports       *Import
		want          string
	}{
		{"no scopes yet", "23.3.1", &Export{Scope: Global}, nil, "export --silent -"},
		{"no scopes yet, the last", "23.8.0", nil, &Import{Scope: Global}, "import --silent -"},
		{"scopes", "23.9.1", &Export{Scope: Users, Filter: some}, nil, "export users --silent --filter_usernames a@example.com,b@example.com -"},
		{"underscores", "23.10.1", nil, &Import{Scope: Organizations, MergeUsers: true}, "import organizations --silent --merge_users -"},
		{"settings", "23.10.0", nil, &Import{Scope: Config, OverwriteConfigs: true}, "import config --silent --overwrite_configs -"},
		{"hyphens", "23.11.1", &Export{Scope: Organizations, Filter: []string{"acme"}}, nil, "export organizations --silent --filter-org-slugs acme -"},
		{"it would ask", "23.12.0", nil, &Import{Scope: Global}, "import global --silent --no-prompt -"},
		{"24.1.0", "24.1.0", nil, &Import{Scope: Users, Filter: some[:1], MergeUsers: true},
			"import users --silent --no-prompt --filter-usernames a@example.com --merge-users -"},
		{"newest", "26.8.0", &Export{Scope: Config}, nil, "export config --silent --no-prompt -"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := calver.MustParse(c.version)
			var got []string
			var err error
			if c.export != nil {
				got, err = c.export.Command(v)
			} else {
				got, err = c.imports.Command(v)
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q and %v, want %q", strings.Join(got, " "), err, c.want)
			}
		})
	}
}

func TestWhatAVersionCannotDo(t *testing.T) {
	cases := []struct {
		name, version string
		check         func(calver.Version) error
		want          string // "" for fine
	}{
		{"too old", "23.3.0", Export{Scope: Global}.Check, "older than 23.3.1"},
		{"scope too new", "23.9.1", Export{Scope: Config}.Check, "does not know the scope config"},
		{"scopes too new", "23.8.0", Import{Scope: Users}.Check, "does not know the scope users"},
		{"no scope", "25.1.0", Export{Scope: "everything"}.Check, `"everything" is no scope`},
		{"filter of everything", "25.1.0", Export{Scope: Global, Filter: []string{"a"}}.Check, "has no filter"},
		{"a list as one name", "25.1.0", Export{Scope: Users, Filter: []string{"a,b"}}.Check, "is no name"},
		{"merge everything", "25.1.0", Import{Scope: Global, MergeUsers: true}.Check, "cannot merge users"},
		{"overwrite users", "25.1.0", Import{Scope: Users, OverwriteConfigs: true}.Check, "no settings"},
		{"fine", "25.1.0", Import{Scope: Config, OverwriteConfigs: true, MergeUsers: true}.Check, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.check(calver.MustParse(c.version))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Errorf("got %v, want %q with code 64 and a hint", err, c.want)
			}
		})
	}
}
