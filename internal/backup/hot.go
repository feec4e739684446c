package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// A hot backup has the databases themselves lay down a copy that is one moment,
// in their own volumes, and reads that instead of files which move:
//
//   - PostgreSQL makes a base backup. The name begins with pgsql_tmp, which a base
//     backup leaves out (basebackup.c), so that it does not copy itself.
//   - ClickHouse freezes its tables: hard links to parts that never change. With
//     the rest of its files beside them they make a whole data directory.
//   - Redis saves.
const (
	pgData = "/var/lib/postgresql/data"
	pgCopy = "pgsql_tmp.sentryctl"
	chData = "/var/lib/clickhouse"
	chName = "sentryctl"
	chCopy = "shadow/sentryctl.whole"
)

// laying is a store that lays a copy down.
type laying struct {
	service, path string
	copy          string // below path
	sweep         string // for sh: removes what was laid down
	lay           func(ctx context.Context, e *Env) error
}

func layings() []laying {
	return []laying{
		{"clickhouse", chData, chCopy, "rm -rf " + chData + "/shadow/" + chName + " " + chData + "/" + chCopy, layClickHouse},
		{"postgres", pgData, pgCopy, "rm -rf " + pgData + "/" + pgCopy, layPostgres},
	}
}

func hotNote(s *site.Site) string { return s.Own("backup", "hot") }

// layDown has the stores lay down copies, and says below which directory of a
// volume each stands. Offsets are read before: a consumer that starts at them
// reads again what came after, and leaves nothing out. So is what there is.
func (e *Env) layDown(ctx context.Context) error {
	before := census(ctx, e.Stack)
	e.manifest.Census = &before
	read := <-e.readOffsets(ctx)
	e.manifest.Offsets, e.manifest.NoOffsets = read.list, read.problem
	if err := site.WriteFile(hotNote(e.Site), nil, 0o600); err != nil {
		return err
	}
	e.laid = map[string]string{}
	for _, l := range layings() {
		volume := e.volumeAt(l.service, l.path)
		if volume == "" || !e.takes(volume) {
			continue
		}
		if err := e.run(ctx, l.service, "", "sh", "-c", l.sweep); err != nil {
			return err
		}
		if err := l.lay(ctx, e); err != nil {
			return fault.New(fault.Resumable, "Mend the cause, or make the backup with --mode precopy, which rests the services for seconds",
				"%s cannot be copied while it runs: %w", l.service, err)
		}
		e.laid[volume] = l.copy
	}
	e.saveInBackground(ctx)
	return nil
}

// sweepLaid removes what a hot backup has laid down, this one's or that of one
// which was killed.
func (e *Env) sweepLaid(ctx context.Context) error {
	if _, err := os.Stat(hotNote(e.Site)); err != nil {
		return nil // there is none
	}
	var errs []error
	swept := true
	for _, l := range layings() {
		switch {
		case e.volumeAt(l.service, l.path) == "":
		case !slices.Contains(e.running, l.service):
			swept = false // it stays until a backup finds the service running
		default:
			errs = append(errs, e.run(ctx, l.service, "", "sh", "-c", l.sweep))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the copies of a hot backup: %w", err)
	}
	if !swept {
		return nil
	}
	return os.Remove(hotNote(e.Site))
}

func (e *Env) takes(engineName string) bool {
	for _, v := range e.manifest.Volumes {
		if v.EngineName == engineName {
			return true
		}
	}
	return false
}

// run runs a command in a service; what it says on stderr is the error.
func (e *Env) run(ctx context.Context, service, user string, command ...string) error {
	res, err := e.Stack.Exec(ctx, service, workload.Exec{Command: command, User: user, Quiet: true})
	if err == nil && res.ExitCode != 0 {
		err = fmt.Errorf("%s ended with exit code %d: %.300s", command[0], res.ExitCode, strings.TrimSpace(string(res.Stderr)))
	}
	return err
}

func layPostgres(ctx context.Context, e *Env) error {
	if err := e.roomForPostgres(ctx); err != nil {
		return err
	}
	// -X fetch takes one connection for replication, of which some releases allow no more.
	return e.run(ctx, "postgres", "postgres", "pg_basebackup", "-U", "postgres", "-w", "-D", pgData+"/"+pgCopy, "-c", "fast", "-X", "fetch")
}

// roomForPostgres sees that a second copy fits beside the data.
func (e *Env) roomForPostgres(ctx context.Context) error {
	size, err := ask(ctx, e.Stack, "postgres", "psql", "-U", "postgres", "-qAtX", "-c", "SELECT sum(pg_database_size(oid)) FROM pg_database")
	if err != nil {
		return err
	}
	table, err := ask(ctx, e.Stack, "postgres", "df", "-Pk", pgData)
	if err != nil {
		return err
	}
	need, err := strconv.ParseInt(size, 10, 64)
	fields := strings.Fields(table[strings.LastIndex(table, "\n")+1:])
	if err != nil || len(fields) < 4 {
		return errors.New("its size and the room beside it are not known")
	}
	free, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		return fmt.Errorf("read the room beside it: %w", err)
	}
	if free <<= 10; need > free && !e.Force {
		return fmt.Errorf("a second copy of it takes %d MiB, and %d MiB are free", need>>20, free>>20)
	}
	return nil
}

// wholeClickHouse makes a data directory of the frozen parts and all that is no
// part: definitions, users, mutations. Owners and modes stay.
const wholeClickHouse = `set -e
cd ` + chData + `
t=` + chCopy + `
mkdir -p $t
find . -mindepth 1 -maxdepth 1 ! -name shadow ! -name tmp ! -name store ! -name data -exec cp -a {} $t/ \;
for d in store data; do
  [ -d $d ] || continue
  tar -cf - --exclude='*_[0-9]*_[0-9]*_[0-9]*' --exclude='tmp_*' --exclude='delete_tmp_*' $d | tar -xpf - -C $t
  [ ! -d shadow/` + chName + `/$d ] || cp -al shadow/` + chName + `/$d $t/
done
chown "$(stat -c %u:%g .)" $t
chmod "$(stat -c %a .)" $t`

func layClickHouse(ctx context.Context, e *Env) error {
	list, err := ask(ctx, e.Stack, "clickhouse", inClickHouse("SELECT database, name, engine FROM system.tables")...)
	if err != nil {
		return err
	}
	for _, table := range frozenTables(list) {
		if _, err := ask(ctx, e.Stack, "clickhouse", inClickHouse("ALTER TABLE "+table+" FREEZE WITH NAME '"+chName+"'")...); err != nil {
			return fmt.Errorf("freeze %s: %w", table, err)
		}
	}
	return e.run(ctx, "clickhouse", "", "sh", "-c", wholeClickHouse)
}

// frozenTables are those whose data stands in parts, quoted. The database's own
// logs are left out: nothing reads them after a restore.
func frozenTables(list string) []string {
	var out []string
	for line := range strings.Lines(list) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) == 3 && strings.HasSuffix(f[2], "MergeTree") && f[0] != "system" {
			out = append(out, quoted(f[0])+"."+quoted(f[1]))
		}
	}
	return out
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "\\`") + "`" }

// saveWait is how long Redis may take to write its memory to disk.
const saveWait = time.Minute

// saveInBackground has Redis write its memory to disk while it serves. Where
// that fails, the backup holds what it saved last.
func (e *Env) saveInBackground(ctx context.Context) {
	if e.volumeAt("redis", "/data") == "" {
		return
	}
	err := func() error {
		if _, err := ask(ctx, e.Stack, "redis", "redis-cli", "bgsave"); err != nil {
			return err
		}
		bounded, cancel := context.WithTimeout(ctx, saveWait)
		defer cancel()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			now, err := ask(bounded, e.Stack, "redis", "redis-cli", "info", "persistence")
			if err != nil || strings.Contains(now, "rdb_bgsave_in_progress:0") {
				return err
			}
			select {
			case <-bounded.Done():
				return fmt.Errorf("it has not saved within %s", saveWait)
			case <-tick.C:
			}
		}
	}()
	if err != nil {
		e.Sink.Emit(event.Notice{Level: "warn", Text: "Redis did not save on request, so the backup holds what it saved last: " + err.Error()})
	}
}
