package sentry

import (
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

// execute answers `exec [FILE|-]`, `exec -c CODE` and `shell`. It is no
// Python: comments and imports pass, print of a plain value prints, and all
// else is refused loudly, so that no test believes that it ran.
func execute(_ context.Context, p *proc.Proc) error {
	if _, err := conf.Load(p); err != nil {
		return err
	}
	f := proc.ParseFlags(p.Args)
	code := f.Get("c", "command")
	if code == "" {
		data, err := readInput(p, f.Word(0))
		if err != nil {
			return err
		}
		code = string(data)
	}
	for n, line := range strings.Split(code, "\n") {
		line = strings.TrimSpace(line)
		switch arg, isPrint := strings.CutPrefix(line, "print("); {
		case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "import "), strings.HasPrefix(line, "from "), line == "pass":
		case isPrint && strings.HasSuffix(arg, ")"):
			v := conf.Scan("value = "+strings.TrimSuffix(arg, ")"), p.Getenv)["value"]
			if _, unknown := v.(conf.Unknown); unknown {
				return refuse(n, line)
			}
			p.Printf("%v\n", v)
		default:
			return refuse(n, line)
		}
	}
	return nil
}

func refuse(n int, line string) error {
	return proc.Exit(1, "line %d: %s\nNotImplementedError: the stand-in runs no Python but print of a plain value", n+1, line)
}
