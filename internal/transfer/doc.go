// Package transfer owns Sentry's own exports and imports: users,
// organizations, settings as JSON, through the sentry command of the version
// that runs. It owns the command's shape in each generation of releases, the
// stream between the container and the admin's file, and the sealing with a
// public key. It owns no volumes and no events; internal/backup does.
package transfer
