// Package backup owns how a site is saved and brought back: which volumes
// count, in what order services rest, what a backup's manifest says, which
// backups are kept. It reaches the Engine and the repository through the
// interfaces in env.go and never prints.
package backup
