package release

// limits guard against archives that are made to fill a disk. A release of
// 2026 has 150 files and 1.2 MiB.
type limits struct {
	entries int
	file    int64 // bytes of one file
	total   int64 // bytes of all files
	archive int64 // bytes of the archive as it is downloaded
}

func defaultLimits() limits {
	const mib = 1 << 20
	return limits{entries: 20_000, file: 64 * mib, total: 256 * mib, archive: 256 * mib}
}

// directoryLimits lets single files of a directory be large: they fill the
// disk already, and a checkout may hold a GeoIP database.
func directoryLimits() limits {
	l := defaultLimits()
	l.file = l.total
	return l
}
