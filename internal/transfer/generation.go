package transfer

import (
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Scope is a part of Sentry's low-volume data.
type Scope string

// The scopes.
const (
	Global        Scope = "global"
	Config        Scope = "config"
	Users         Scope = "users"
	Organizations Scope = "organizations"
)

// Scopes lists them, the widest first.
func Scopes() []Scope { return []Scope{Global, Config, Users, Organizations} }

// generation is how the sentry command of a range of releases is spoken to.
type generation struct {
	from     calver.Version
	scopes   []Scope // nil: it knows no scopes and always takes everything
	join     string  // between the words of an option: --filter-usernames or --filter_usernames
	noPrompt bool    // it asks before it deletes unless told not to
}

// generations are those with a command that works, oldest first. Upstream's
// scripts changed along: scripts/backup.sh appears in 23.3.1, sentry-admin.sh
// in 23.11.1, scripts/backup.sh SCOPE in 24.1.0; the arguments of the command
// below them changed at these versions.
//
//	23.3.1   export FILE           import FILE
//	23.9.1   export SCOPE FILE     --filter_usernames --filter_org_slugs --merge_users; no scope config
//	23.10.0  scope config          --overwrite_configs
//	23.11.1  --filter-usernames    words joined by hyphens
//	23.12.0  --no-prompt           import global asks before it deletes
func generations() []generation {
	return []generation{
		{from: calver.MustParse("23.3.1"), join: "_"},
		{from: calver.MustParse("23.9.1"), join: "_", scopes: []Scope{Global, Users, Organizations}},
		{from: calver.MustParse("23.10.0"), join: "_", scopes: Scopes()},
		{from: calver.MustParse("23.11.1"), join: "-", scopes: Scopes()},
		{from: calver.MustParse("23.12.0"), join: "-", scopes: Scopes(), noPrompt: true},
	}
}

// generationOf finds that of a version.
func generationOf(v calver.Version) (generation, error) {
	all := generations()
	for _, g := range slices.Backward(all) {
		if !v.Less(g.from) {
			return g, nil
		}
	}
	return generation{}, fault.New(fault.Usage, "Use sentryctl backup, which saves any version whole",
		"Sentry %s is older than %s, the first whose exports can be relied on", v, all[0].from)
}

// offers says whether a wish can be granted.
func (g generation) offers(v calver.Version, s Scope, filter []string) error {
	switch {
	case !slices.Contains(Scopes(), s):
		return fault.New(fault.Usage, "Choose global, config, users or organizations", "%q is no scope", s)
	case s != Global && g.scopes == nil || g.scopes != nil && !slices.Contains(g.scopes, s):
		return fault.New(fault.Usage, "Take everything: sentryctl export global", "Sentry %s does not know the scope %s", v, s)
	case len(filter) > 0 && filterOption(s) == nil:
		return fault.New(fault.Usage, "Filter users by user name, or organizations by slug", "the scope %s has no filter", s)
	}
	for _, name := range filter {
		if name == "" || strings.ContainsAny(name, ", \n") {
			return fault.New(fault.Usage, "Give one --filter for each name", "%q is no name that sentry can filter by", name)
		}
	}
	return nil
}

// option writes an option as the generation spells it.
func (g generation) option(words ...string) string { return "--" + strings.Join(words, g.join) }

func filterOption(s Scope) []string {
	switch s {
	case Users:
		return []string{"filter", "usernames"}
	case Organizations:
		return []string{"filter", "org", "slugs"}
	}
	return nil
}

// command is the common part of export and import. What is read or written
// goes through the container's own streams: a file of its own would have to
// lie in a volume.
func (g generation) command(verb string, s Scope, filter []string) []string {
	args := []string{verb}
	if g.scopes != nil {
		args = append(args, string(s))
	}
	// Without --silent it counts the seconds on stdout, in the middle of the data.
	args = append(args, "--silent")
	if g.noPrompt {
		args = append(args, g.option("no", "prompt"))
	}
	if len(filter) > 0 {
		args = append(args, g.option(filterOption(s)...), strings.Join(filter, ","))
	}
	return args
}
