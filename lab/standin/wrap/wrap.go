// Package wrap owns what the entry points of the official images do before
// they become PostgreSQL, Redis, memcached, nginx and PgBouncer: users,
// directories, first initialisation and configuration from the environment.
// The programs themselves are the distribution's.
package wrap

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// otherProgram says that the command is not for the role's own server: it
// starts neither with a flag nor with a configuration file.
func otherProgram(args []string, configSuffix string) bool {
	return len(args) > 0 && !strings.HasPrefix(args[0], "-") && (configSuffix == "" || !strings.HasSuffix(args[0], configSuffix))
}

// Redis is redis-server, or valkey-server where the command says so.
func Redis(_ context.Context, p *proc.Proc) error {
	if otherProgram(p.Args, ".conf") {
		return proc.Become(p.Args...)
	}
	users := []string{"redis", "valkey"}
	if err := proc.OwnDir(redisData, proc.FindUser(users...), 0o755); err != nil {
		return err
	}
	return proc.BecomeAs(users, redisArgs(p.Args)...)
}

const redisData = "/data"

// redisArgs puts the official image's settings behind the configuration file
// and before the command's own flags. The image is built without the mode
// that refuses other hosts.
func redisArgs(args []string) []string {
	argv := []string{"redis-server"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		argv, args = append(argv, args[0]), args[1:]
	}
	argv = append(argv, "--protected-mode", "no", "--dir", redisData)
	return append(argv, args...)
}

// Memcached is memcached.
func Memcached(_ context.Context, p *proc.Proc) error {
	if otherProgram(p.Args, "") {
		return proc.Become(p.Args...)
	}
	return proc.BecomeAs([]string{"memcache", "memcached", "nobody"}, append([]string{"memcached"}, p.Args...)...)
}

// Nginx is nginx in the foreground, with /etc/nginx.conf where that is
// mounted and /etc/nginx/nginx.conf else.
func Nginx(_ context.Context, p *proc.Proc) error {
	if otherProgram(p.Args, "") {
		return proc.Become(p.Args...)
	}
	for _, dir := range []string{"/var/lib/nginx", "/var/log/nginx", "/var/cache/nginx", "/run"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
	}
	_, err := os.Stat(nginxConf)
	return proc.Become(nginxArgs(p.Args, err == nil)...)
}

const nginxConf = "/etc/nginx.conf"

func nginxArgs(args []string, own bool) []string {
	argv := []string{"nginx"}
	if own {
		argv = append(argv, "-c", nginxConf)
	}
	if len(args) == 0 {
		args = []string{"-g", "daemon off;"}
	}
	return append(argv, args...)
}
