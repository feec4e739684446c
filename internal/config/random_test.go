package config

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// TestAnyTextArrives: whatever characters an answer holds, those who read the
// rendered files read the same.
func TestAnyTextArrives(t *testing.T) {
	alphabet := []rune("aZ0 \t'\"\\$#`{}[]!&*:,;|<>%@é€😀\u00a0\u2028=-")
	random := rand.New(rand.NewPCG(9, 10))
	text := func() string {
		v := make([]rune, 1+random.IntN(12))
		for i := range v {
			v[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(v)
	}
	confs := bytes.Buffer{}
	var wants []any
	for range 300 {
		user, pass, project, list, conf := text(), text(), text(), []string{text(), text()}, text()
		a := Answers{
			Mail: Mail{Host: "m", Username: user, Password: NewSecret(pass)},
			Options: map[string]any{"COMPOSE_PROJECT_NAME": project, "u2f.facets": list, "SENTRY_ALLOW_ORIGIN": conf, "ALLOWED_HOSTS": list,
				"SENTRY_METRICS_OPTIONS": map[string]any{text(): conf}},
		}
		in := RenderInput{Version: calver.MustParse("26.8.0"), Pristine: tree(), Answers: a, SecretKey: testKey}
		first := render(t, in)
		in.Disk = onto(fstest.MapFS{}, first)
		if diff := cmp.Diff(render(t, in), first); diff != "" {
			t.Fatalf("rendered again (-got +want):\n%s", diff)
		}
		env, err := dotenv.Parse(bytes.NewReader(first[customPath].Data))
		if err != nil || env["COMPOSE_PROJECT_NAME"] != project {
			t.Fatalf(".env.custom: got %q, %v, want %q", env["COMPOSE_PROJECT_NAME"], err, project)
		}
		yml := yamlMap(t, first[ymlPath].Data)
		got := []any{yml["mail.username"], yml["mail.password"], yml["u2f.facets"]}
		if diff := cmp.Diff(got, []any{user, pass, []any{list[0], list[1]}}); diff != "" {
			t.Fatalf("config.yml (-got +want):\n%s", diff)
		}
		if err := json.NewEncoder(&confs).Encode(string(first[confPath].Data)); err != nil {
			t.Fatal(err)
		}
		wants = append(wants, []any{conf, list[0], list[1]})
	}
	inPython(t, confs.Bytes(), wants)
}

// inPython runs each file without its import and compares what it sets.
func inPython(t *testing.T, confs []byte, wants []any) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Logf("sentry.conf.py is not read back: python3 is not installed: %v", err)
		return
	}
	program := `
import ast, json, sys
out = []
for line in sys.stdin:
    text = json.loads(line)
    ast.parse(text)
    scope = {"SENTRY_METRICS_OPTIONS": {}, "SENTRY_OPTIONS": {}}
    exec("\n".join(l for l in text.split("\n") if not l.startswith("from ")), scope)
    out.append([scope["SENTRY_ALLOW_ORIGIN"], *scope["ALLOWED_HOSTS"]])
print(json.dumps(out))`
	cmd := exec.Command(python, "-c", program)
	cmd.Stdin = bytes.NewReader(confs)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v: %s", err, complaint.String())
	}
	var got []any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, wants); diff != "" {
		t.Errorf("sentry.conf.py (-got +want):\n%s", diff)
	}
}
