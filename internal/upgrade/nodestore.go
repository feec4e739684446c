package upgrade

import (
	"bytes"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// readThrough lets events of before 25.9.0 be found in PostgreSQL, where they
// stay, when the node store moves to object storage (upstream's
// install/bootstrap-s3-nodestore.sh does so too, and issue 3986 tells of sites
// without).
func readThrough(h Hop, conf []byte) ([]byte, bool) {
	moved := calver.MustParse("25.9.0")
	if !h.From.Less(moved) || h.To.Less(moved) || bytes.Contains(conf, []byte(`"read_through"`)) {
		return conf, false
	}
	const open = "\nSENTRY_NODESTORE_OPTIONS = {\n"
	before, after, found := bytes.Cut(conf, []byte(open))
	if !found {
		return conf, false
	}
	return bytes.Join([][]byte{before, []byte(open), []byte("    \"read_through\": True,\n    \"delete_through\": True,\n"), after}, nil), true
}
