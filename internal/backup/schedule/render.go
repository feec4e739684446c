package schedule

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/sentryctl/sentryctl/templates"
)

// Kind is who starts the runs.
type Kind string

// The kinds.
const (
	Systemd Kind = "systemd"
	Cron    Kind = "cron"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Systemd, Cron} }

// File is one file to put in place.
type File struct {
	Name string // in the directory of its kind
	Text string
}

// Dir is where files of a kind stand on a machine.
func (k Kind) Dir() string {
	if k == Cron {
		return "/etc/cron.d"
	}
	return "/etc/systemd/system"
}

// Name is that of the units and of the cron file of a site. Cron reads no file
// whose name has a dot.
func Name(siteDir string) string {
	var b strings.Builder
	for _, r := range strings.Trim(siteDir, "/") {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	return "sentryctl-backup-" + b.String()
}

// slack is what a run gets beyond its own limit to clean up.
const slack = 30 * time.Minute

// view is what the templates see.
type view struct {
	Plan
	Name, Site       string
	Command          []string
	Kill             string
	Minute, Hour     string
	JitterSeconds    int
	Load, Ease       string
	Environment      []string
	IO, Jitter, Nice string
}

// Render gives the files of a plan. Program is the path of sentryctl.
func Render(p Plan, siteDir, program string) ([]File, error) {
	hour, minute, _ := strings.Cut(p.Daily, ":")
	v := view{
		Plan: p, Name: Name(siteDir), Site: siteDir, Command: []string{program, "backup", "run", "--site", siteDir},
		Kill: "infinity", Minute: minute, Hour: hour, JitterSeconds: int(p.Jitter / time.Second),
		Load: load(p.Environment), Ease: ease(p), IO: p.IO, Jitter: fmt.Sprintf("%ds", int(p.Jitter/time.Second)), Nice: fmt.Sprint(p.Nice),
	}
	if p.MaxDuration > 0 {
		v.Kill = fmt.Sprintf("%ds", int((p.MaxDuration+slack)/time.Second))
	}
	if p.Environment != "" {
		v.Environment = []string{p.Environment}
	}
	if p.Kind == Cron {
		text, err := fill("backup.cron.tmpl", v)
		return []File{{v.Name, text}}, err
	}
	var files []File
	for _, ext := range []string{".service", ".timer"} {
		text, err := fill("backup"+ext+".tmpl", v)
		if err != nil {
			return nil, err
		}
		files = append(files, File{v.Name + ext, text})
	}
	return files, nil
}

// ease lowers a cron run's priority, which systemd does by itself.
func ease(p Plan) string {
	text := ""
	if p.Nice > 0 {
		text = fmt.Sprintf("nice -n %d ", p.Nice)
	}
	switch p.IO {
	case "idle":
		text += "ionice -c 3 "
	case "best-effort":
		text += "ionice -c 2 -n 7 "
	}
	return text
}

// load reads an environment file in a cron line.
func load(environment string) string {
	if environment == "" {
		return ""
	}
	return "set -a; . " + quoteCron(environment) + "; set +a; "
}

func fill(name string, v view) (string, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"unit": quoteUnit, "path": escapeUnit, "cron": quoteCron}).
		ParseFS(templates.FS, "schedule/"+name)
	if err != nil {
		return "", fmt.Errorf("render the schedule: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return "", fmt.Errorf("render the schedule: %w", err)
	}
	return out.String(), nil
}

// escapeUnit writes a value that systemd expands nothing in.
func escapeUnit(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// quoteUnit writes one word of a unit's command line.
func quoteUnit(s string) string {
	s = strings.NewReplacer("%", "%%", "$", "$$", `\`, `\\`, `"`, `\"`).Replace(s)
	if strings.ContainsAny(s, " \t'\"\\;") {
		return `"` + s + `"`
	}
	return s
}

// quoteCron writes one word of a cron line, in which an unescaped % ends it.
func quoteCron(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return s
	}
	return strings.ReplaceAll("'"+strings.ReplaceAll(s, "'", `'\''`)+"'", "%", `\%`)
}
