package clickhouse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// versionFile says which version wrote the data last.
const versionFile = "version"

// rungs are the versions through which data must be carried one by one, as
// upstream's install/upgrade-clickhouse.sh does.
var rungs = [...]string{"20.3", "21.8", "22.8", "23.3", "23.8", "24.8", "25.3", "25.8"}

// rung is the position of the newest rung that is not newer than the version.
func rung(version string) int {
	for i := len(rungs) - 1; i > 0; i-- {
		if number(version) >= number(rungs[i]) {
			return i
		}
	}
	return 0
}

// number makes year and month of a version comparable.
func number(version string) int {
	year, rest, _ := strings.Cut(version, ".")
	month, _, _ := strings.Cut(rest, ".")
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	return y*100 + m
}

// checkUpgrade says why a server of version now cannot start on data that
// version before wrote.
func checkUpgrade(before, now string) error {
	from, to := rung(before), rung(now)
	switch {
	case number(now) < number(before):
		return fmt.Errorf("the data was written by ClickHouse %s, which is newer than this server (%s): downgrades are not supported", before, now)
	case to > from+1:
		return fmt.Errorf("the data was written by ClickHouse %s, which is too old for this server (%s): start %s on it first", before, now, rungs[from+1])
	}
	return nil
}

// takeVersion checks the data directory's version and makes it this one.
func takeVersion(dir, now string) error {
	path := filepath.Join(dir, versionFile)
	before, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read the data's version: %w", err)
	default:
		if err := checkUpgrade(strings.TrimSpace(string(before)), now); err != nil {
			return err
		}
	}
	return writeFile(path, []byte(now+"\n"))
}
