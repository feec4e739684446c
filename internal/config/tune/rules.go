package tune

import (
	"fmt"
	"slices"
	"strings"
)

// What processes of Sentry hold after some hours, in MiB: rough, on the safe
// side.
const (
	webWorker  = 350
	taskWorker = 250
)

// web gives each CPU a worker as long as they fit into an eighth of memory.
func (p *planner) web() {
	fit := int(p.MemoryMiB / 8 / webWorker)
	n := min(max(min(p.CPUs, fit), 2), 32)
	why := "one per CPU; each takes about %d MiB, and an eighth of memory is for them"
	if fit < p.CPUs {
		why = "fewer than CPUs: each takes about %d MiB, and an eighth of memory is for them"
	}
	p.option("SENTRY_WEB_OPTIONS.workers", n, why, webWorker)
}

// taskworker has an option since 26.2.0; before, the compose file says 4.
func (p *planner) taskworker() {
	if !slices.Contains(p.Services, "taskworker") {
		return
	}
	n := min(max(min(p.CPUs, int(p.MemoryMiB/10/taskWorker)), 2), 32)
	if p.has("26.2.0") {
		p.option("SENTRY_TASKWORKER_CONCURRENCY", n, "tasks wait for CPU: one process for each, about %d MiB, within a tenth of memory", taskWorker)
		return
	}
	command, now := withConcurrency(p.Commands["taskworker"], n)
	p.line(Line{Service: "taskworker", Name: "command", Now: now, Value: command}, "%d processes, about %d MiB each, within a tenth of memory", n, taskWorker)
}

// withConcurrency changes that flag in a command.
func withConcurrency(command []string, n int) (changed []string, now string) {
	const flag = "--concurrency="
	changed = slices.Clone(command)
	for i, arg := range changed {
		if strings.HasPrefix(arg, flag) {
			changed[i] = fmt.Sprintf("%s%d", flag, n)
			return changed, fmt.Sprint(command)
		}
	}
	return command, fmt.Sprint(command)
}

// redis may drop what it holds only where no queue lives in it: that ended
// when the taskbroker took the tasks over and the Celery worker went.
func (p *planner) redis() {
	queue := slices.Contains(p.Services, "worker") || !slices.Contains(p.Services, "taskbroker")
	most := step(p.redisMemory(), 128)
	command := p.Commands["redis"]
	if len(command) == 0 {
		command = []string{"redis-server"}
	}
	if queue {
		p.out.Notes = append(p.out.Notes, "Redis holds the task queue of this release: keep it without eviction, and watch its memory.")
		return
	}
	if slices.Contains(command, "--maxmemory") {
		return
	}
	now := fmt.Sprint(command)
	command = append(slices.Clone(command), "--maxmemory", fmt.Sprintf("%dmb", most), "--maxmemory-policy", "allkeys-lru", "--save", "")
	p.line(Line{Service: "redis", Name: "command", Now: now, Value: command},
		"this release keeps only what can be made again in Redis: bound it at %d MiB, drop the oldest first, and do not write it to disk", most)
}

func (p *planner) redisMemory() int64 { return p.share(8, 256, 8192) }

// clickhouseCgroups is the first release whose ClickHouse (23.8) sizes itself
// by its container's limit instead of the host's memory.
const clickhouseCgroups = "24.1.0"

func (p *planner) clickhouseMemory() int64 { return p.share(30, 1024, 65536) }

// clickhouse gets a share of memory; with a limit the ratio is of the limit.
func (p *planner) clickhouse() {
	l := Line{Service: "clickhouse", Name: "MAX_MEMORY_USAGE_RATIO", Env: true, Now: p.Env["clickhouse MAX_MEMORY_USAGE_RATIO"]}
	if p.has(clickhouseCgroups) {
		l.Value = "0.8"
		p.line(l, "of its mem_limit, no longer of the whole host; the rest is for caches and merges")
		return
	}
	l.Value = "0.3"
	if p.MemoryMiB < 12288 {
		l.Value = "0.2"
	}
	p.line(l, "queries and merges may take this part of the host's memory")
}

// kafka keeps what consumers have read already; on a small disk that hurts.
func (p *planner) kafka() {
	const name = "KAFKA_LOG_RETENTION_HOURS"
	now := p.Env["kafka "+name]
	if p.DiskGiB == 0 || p.DiskGiB >= 60 || now == "" {
		return
	}
	var hours int
	if _, err := fmt.Sscan(now, &hours); err != nil || hours <= 6 {
		return
	}
	p.line(Line{Service: "kafka", Name: name, Env: true, Now: now, Value: "6"},
		"%d GiB of disk are free: consumers get 6 hours to catch up after a stop, and the log stays small", p.DiskGiB)
}

func (p *planner) postgres() {
	command := p.Commands["postgres"]
	if len(command) == 0 || slices.ContainsFunc(command, func(s string) bool { return strings.HasPrefix(s, "shared_buffers=") }) {
		return
	}
	buffers := step(p.share(6, 128, 8192), 128)
	now := fmt.Sprint(command)
	p.line(Line{Service: "postgres", Name: "command", Now: now, Value: append(slices.Clone(command), "-c", fmt.Sprintf("shared_buffers=%dMB", buffers))},
		"PostgreSQL takes 128 MB unless told; this is 6 %% of memory")
}

// limits keep one service that grows from taking the host down. They are
// ceilings above what is usual, not reservations, and sum up to more than all.
func (p *planner) limits() {
	limit := func(service string, mib int64, why string) {
		if p.Limited[service] {
			return // the admin has thought about it
		}
		p.line(Line{Service: service, Name: "mem_limit", Value: size(step(mib, 256))}, "%s", why)
	}
	if p.has(clickhouseCgroups) {
		limit("clickhouse", p.clickhouseMemory(), "30 % of memory; ClickHouse takes what it gets")
	}
	limit("kafka", p.share(12, 1280, 8192), "the JVM's heap of 1 GiB and its buffers")
	limit("postgres", p.share(15, 1024, 32768), "shared buffers, and work memory of its connections")
	if !slices.Contains(p.Services, "worker") && slices.Contains(p.Services, "taskbroker") {
		limit("redis", step(p.redisMemory(), 128)*3/2, "maxmemory and half of it for buffers")
	}
	limit("symbolicator", p.share(12, 1024, 16384), "large debug files are unpacked in memory")
	limit("web", p.share(20, 1536, 32768), "its workers, with room for large requests")
}

// protocol gives nginx another way to web. HTTP stays on its port: relay, the
// workers and the health check of web speak it. Source of the option:
// getsentry/sentry src/sentry/services/http.py. The headers are those that the
// releases' nginx.conf sets for proxy_pass.
func (p *planner) protocol() {
	if p.CPUs < 8 || !slices.Contains(p.Services, "nginx") || p.Now[uwsgiSocket] != "" {
		return
	}
	p.out.Uwsgi = &Uwsgi{
		Why:    "many CPUs: nginx can speak uwsgi's own protocol to web, which spares web's HTTP router a hop and a parsing per request",
		Option: Option{Key: uwsgiSocket, Value: "0.0.0.0:9001", Why: "a second socket; HTTP stays on port 9000 for relay and the health check"},
		Nginx: []string{
			"+upstream sentry-uwsgi {",
			"+    server web:9001;",
			"+}",
			" location / {",
			"-    proxy_pass http://sentry;",
			"+    include /etc/nginx/uwsgi_params;",
			"+    uwsgi_param HTTP_X_FORWARDED_FOR $remote_addr;",
			"+    uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;",
			"+    uwsgi_param HTTP_X_REQUEST_ID $request_id;",
			"+    uwsgi_pass sentry-uwsgi;",
			" }",
		},
	}
}

const uwsgiSocket = "SENTRY_WEB_OPTIONS.uwsgi-socket"
