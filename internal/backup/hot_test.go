package backup_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// A hot backup reads the copies that the databases lay down, asks for the
// offsets before, and takes the copies away whatever comes of it.
func TestHotReadsWhatTheDatabasesLayDown(t *testing.T) {
	cases := []struct {
		name   string
		free   string // KiB beside PostgreSQL's data
		breaks string // a command that fails
		want   []string
		code   fault.Code
	}{
		{"well", "9000", "", []string{"offsets", "sweep", "base backup", "last pass", "sweep"}, fault.OK},
		{"no room", "1", "", []string{"offsets", "sweep", "sweep"}, fault.Resumable},
		{"the base backup fails", "9000", "pg_basebackup", []string{"offsets", "sweep", "base backup", "sweep"}, fault.Resumable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			st := &scripted{}
			st.exec = func(_, command string) (string, int) {
				switch word, _, _ := strings.Cut(command, " "); {
				case strings.Contains(command, "rm -rf"):
					st.note("sweep")
				case word == "pg_basebackup":
					st.note("base backup")
				case word == "kafka-consumer-groups":
					st.note("offsets")
				case word == "df":
					return "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 10000 1000 " + c.free + " 10% /\n", 0
				case strings.Contains(command, "pg_database_size"):
					return "2097152\n", 0
				default:
					return "", 1
				}
				if c.breaks != "" && strings.HasPrefix(command, c.breaks) {
					return "", 1
				}
				return "", 0
			}
			err := capturedBy(t, st, backup.Plan{Mode: backup.Hot})
			if got := fault.CodeOf(err); got != c.code {
				t.Errorf("got code %d: %v", got, err)
			}
			if d := cmp.Diff(c.want, st.notes); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if err == nil && st.heard.Volumes[0].Dir != "/volumes/p/pgsql_tmp.sentryctl" {
				t.Errorf("read %s", st.heard.Volumes[0].Dir)
			}
		})
	}
}
