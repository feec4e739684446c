package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// patience is how long a single wait may take on a busy machine.
const patience = 5 * time.Minute

// said is one line of sentryctl's JSON output: an event, a report, the result
// or the error. See docs/output.md.
type said struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Item     string    `json:"item"`
	Version  string    `json:"version"`
	Source   string    `json:"source"`
	Set      string    `json:"set"`
	Text     string    `json:"text"`
	Error    string    `json:"error"`
	Hint     string    `json:"hint"`
	Code     int       `json:"code"`
	Already  bool      `json:"already"`
	Blocked  bool      `json:"blocked"`
	Changed  bool      `json:"changed"`
	Resumed  bool      `json:"resumed"`
	Started  bool      `json:"started"`
	URL      string    `json:"url"`
	Login    string    `json:"login"`
	Password string    `json:"password_file"`
	Services int       `json:"services"`
	Findings []finding `json:"findings"`
	Hops     []hop     `json:"hops"`
	Runs     []pastRun `json:"runs"`
}

// pastRun is a run of the history.
type pastRun struct {
	Result  string        `json:"result"`
	Outages []site.Outage `json:"outages"`
}

type hop struct {
	Issues []issue `json:"issues"`
}

type issue struct {
	ID  string `json:"id"`
	Hit string `json:"hit"`
}

type finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	State    string `json:"state"`
	Got      string `json:"got"`
	Said     string `json:"said"` // of an upgrade's gate
	Hint     string `json:"hint"`
}

// process is a sentryctl that runs. Its lines are read while it runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan said
	heard  []said
	memory int64 // bytes; see resident
	stderr bytes.Buffer
}

// start runs sentryctl with --output json.
func start(t *testing.T, s *labtest.Site, args ...string) *process {
	t.Helper()
	return startWith(t, (*exec.Cmd).Start, s.Env(), args...)
}

// startWith starts it in some special way, such as in another network.
func startWith(t *testing.T, start func(*exec.Cmd) error, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(labtest.Binary(t), append(args, "--output", "json")...), lines: make(chan said, 1<<12)}
	p.cmd.Env, p.cmd.Stderr = env, &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = start(p.cmd)
	}
	if err != nil {
		t.Fatalf("start sentryctl: %v", err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() }) //nolint:errcheck // it has mostly ended
	go func() {
		defer close(p.lines)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			var line said
			if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
				line = said{Type: "not JSON", Text: sc.Text(), Error: err.Error()}
			}
			p.memory = max(p.memory, resident(p.cmd.Process.Pid))
			p.lines <- line
		}
	}()
	return p
}

// resident is the most memory that a process has had in RAM so far, in bytes,
// or 0 when it has ended. What wait4 tells of an ended one will not do: the
// kernel keeps that figure over exec, so it is never less than the memory of
// the test that started it.
func resident(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kB int64
	if _, err := fmt.Sscan(peak, &kB); err != nil {
		return 0 // a process that has ended has no memory
	}
	return kB << 10
}

// until reads lines up to the first that fits. A process that ends before
// that fails the test.
func (p *process) until(what string, fits func(said) bool) said {
	p.t.Helper()
	for {
		line, ok := p.next(what)
		if !ok {
			p.t.Fatalf("sentryctl ended before %s\n%s", what, p.tail())
		}
		if fits(line) {
			return line
		}
	}
}

func (p *process) next(what string) (said, bool) {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if ok {
			p.heard = append(p.heard, line)
		}
		return line, ok
	case <-time.After(patience):
		p.t.Fatalf("no line of sentryctl for %s while waiting for %s\n%s", patience, what, p.tail())
		return said{}, false
	}
}

// during fits the first line of a type that comes while a step runs.
func during(step, kind string) func(said) bool {
	inside := false
	return func(s said) bool {
		if s.Type == "step_started" {
			inside = s.ID == step
		}
		return inside && s.Type == kind
	}
}

func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("send %s: %v\n%s", sig, err, p.tail())
	}
}

// ended is what a process came to.
type ended struct {
	t      *testing.T
	code   int // -1 when a signal ended it
	lines  []said
	tail   string
	memory int64 // bytes, the most that was resident
	took   time.Duration
}

// wait reads to the end.
func (p *process) wait() ended {
	p.t.Helper()
	for {
		if _, ok := p.next("the end"); !ok {
			break
		}
	}
	_ = p.cmd.Wait() // the code says it
	e := ended{t: p.t, code: p.cmd.ProcessState.ExitCode(), lines: p.heard, tail: p.tail(), memory: p.memory}
	for _, l := range e.lines {
		if l.Type == "not JSON" {
			p.t.Errorf("a line on stdout is no JSON (%s): %s", l.Error, l.Text)
		}
	}
	return e
}

// tail is the last that was heard, for the one who reads a failure.
func (p *process) tail() string {
	var b strings.Builder
	for _, l := range p.heard[max(0, len(p.heard)-25):] {
		if l.Type == "report" {
			continue
		}
		fmt.Fprintln(&b, " ", strings.Join(strings.Fields(strings.Join([]string{l.Type, l.ID, l.Source, l.Item, l.Text, l.Error, l.Hint}, " ")), " "))
	}
	return b.String() + p.stderr.String()
}

// sentryctl runs to the end.
func sentryctl(t *testing.T, s *labtest.Site, args ...string) ended {
	t.Helper()
	begin := time.Now()
	e := start(t, s, args...).wait()
	e.took = time.Since(begin)
	return e
}

// exits ends the test when the exit code is another.
func (e ended) exits(code int) ended {
	e.t.Helper()
	if e.code != code {
		for _, f := range e.blocking() {
			e.t.Logf("%s: got %s; %s", f.ID, f.Got, f.Hint)
		}
		e.t.Fatalf("got exit code %d, want %d\n%s", e.code, code, e.tail)
	}
	return e
}

// last is the last line of a type, which must be there.
func (e ended) last(kind string) said {
	e.t.Helper()
	for i := len(e.lines) - 1; i >= 0; i-- {
		if e.lines[i].Type == kind {
			return e.lines[i]
		}
	}
	e.t.Fatalf("no %s among the lines\n%s", kind, e.tail)
	return said{}
}

// blocking are the findings that kept an install from beginning.
func (e ended) blocking() []finding {
	var out []finding
	for _, l := range e.lines {
		for _, f := range l.Findings {
			if f.Severity == "block" && f.State == "bad" {
				out = append(out, f)
			}
		}
	}
	return out
}

// ran are the steps that changed something, in order.
func (e ended) ran() []string {
	var out []string
	for _, l := range e.lines {
		if l.Type == "step_done" && !l.Already {
			out = append(out, l.ID)
		}
	}
	return out
}

const admin = "admin@example.com"

// install is the command line of an install. The lab's machines have fewer
// cores than Sentry wants.
func install(s *labtest.Site, source, version string, more ...string) []string {
	return append([]string{
		"install", "--site", s.Dir, "--source", source, "--version", version,
		"--admin-email", admin, "--ignore", "cpu-count", "--yes",
	}, more...)
}
