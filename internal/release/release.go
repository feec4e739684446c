// Package release owns the file tree of one version of self-hosted Sentry:
// how a source is named, unpacked and verified, what stands in the tree, and
// the plain-data model of it. It does not use the network (release/remote
// does) and does not read compose files (stack does).
package release

import "github.com/sentryctl/sentryctl/internal/calver"

// Tree is an unpacked and verified release on disk.
type Tree struct {
	Dir     string         // where it stands
	Version calver.Version // what its witnesses agree on
	Digest  string         // "sha256:…" over paths, execute bits and contents
	Source  string         // where it came from, for the record
}
