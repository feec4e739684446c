package config

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// edited is a site whose Python block was changed by hand.
func edited(t *testing.T, old, new string) disk {
	t.Helper()
	d := disk{t, fstest.MapFS{}}
	d.render(some())
	d.edit(confPath, old, new)
	return d
}

func (d disk) rendered(a Answers) ([]File, []Finding) {
	d.t.Helper()
	files, found, err := RenderSite(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: pristineTree, Disk: d.MapFS, Answers: a, SecretKey: strings.Repeat("k", 50)})
	if err != nil {
		d.t.Fatal(err)
	}
	return files, Conflicts(found)
}

func TestConflictsShowBothSides(t *testing.T) {
	d := disk{t, fstest.MapFS{}}
	a := some()
	a.Mail.Password = NewSecret("hunter-of-secrets")
	a.Mail.Username = "u"
	d.render(a)
	d.edit(ymlPath, "'smtp.example.com'", "mine.example.com")
	d.edit(ymlPath, "hunter-of-secrets", "my-own-password")
	d.edit(ymlPath, "mail.port: 25\n", "")
	d.edit(customPath, "SENTRY_BIND=9100", "SENTRY_BIND=9200")
	_, found := d.rendered(a)
	var got []string
	for _, f := range found {
		got = append(got, f.Mine+" | "+f.Theirs)
	}
	want := []string{
		"SENTRY_BIND=9200 | SENTRY_BIND=9100",
		"mail.host: mine.example.com | mail.host: smtp.example.com",
		"mail.password: " + masked + " | mail.password: " + masked,
		"(removed) | mail.port: 25",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("sides (-got +want):\n%s", diff)
	}
}

func TestKeepPython(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"another value":       {`["workers"] = 6`, `["workers"] = 7`, "\nSENTRY_WEB_OPTIONS[\"workers\"] = 7\n"},
		"a line of one's own": {"# <<<", "MINE = [\n    1,\n]\n# <<<", "\nMINE = [\n    1,\n]\n"},
		"a condition":         {"# <<<", "if A:\n    B = 1\nelse:\n    B = 2\n# why\n# <<<", "\nif A:\n    B = 1\nelse:\n    B = 2\n"},
		"a comment alone":     {"# <<<", "# mine\n# <<<", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := edited(t, c.old, c.new)
			files, found := d.rendered(some())
			if len(found) != 1 {
				t.Fatalf("conflicts: %v", found)
			}
			kept, err := KeepPython(files, d.MapFS)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range kept {
				d.MapFS[f.Path] = &fstest.MapFile{Data: f.Data}
			}
			_, behind, _ := strings.Cut(string(d.MapFS[confPath].Data), "# <<< sentryctl <<<\n")
			if want := strings.TrimPrefix(keptHeading+c.want, "\n"); c.want != "" && behind != want || c.want == "" && behind != "" {
				t.Errorf("behind the block stands\n%s\nwant\n%s", behind, want)
			}
			again, all, err := RenderSite(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: pristineTree, Disk: d.MapFS, Answers: some(), SecretKey: strings.Repeat("k", 50)})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				if f.ID == Conflict || f.ID == "code-behind-block" && f.Severity != Info {
					t.Errorf("still found: %v", f)
				}
			}
			for _, f := range again {
				if diff := cmp.Diff(string(f.Data), string(d.MapFS[f.Path].Data)); diff != "" {
					t.Errorf("%s changes again:\n%s", f.Path, diff)
				}
			}
		})
	}
}

func TestKeepPythonTakesOldAnswersForOurs(t *testing.T) {
	d := edited(t, "# <<<", "MINE = 1\n# <<<")
	a := some()
	a.Options["SENTRY_WEB_OPTIONS.workers"] = 8 // answered since, and not applied yet
	files, _ := d.rendered(a)
	kept, err := KeepPython(files, d.MapFS)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kept {
		if f.Path == confPath && (!strings.Contains(string(f.Data), "= 8\n") || strings.Contains(string(f.Data), "= 6\n") || !strings.HasSuffix(string(f.Data), "\nMINE = 1\n")) {
			t.Errorf("got\n%s", f.Data)
		}
	}
}

func TestKeepPythonRefusesToBringBackWhatWasTakenOut(t *testing.T) {
	d := edited(t, "SENTRY_WEB_OPTIONS[\"workers\"] = 6\n", "")
	files, _ := d.rendered(some())
	_, err := KeepPython(files, d.MapFS)
	if fault.CodeOf(err) != fault.Usage || !strings.Contains(err.Error(), `SENTRY_WEB_OPTIONS["workers"] was taken out by hand`) {
		t.Errorf("got %v", err)
	}
}

func TestABrokenLineBelowTheBlockIsNamed(t *testing.T) {
	d := disk{t, fstest.MapFS{}}
	d.render(some())
	text := string(d.MapFS[customPath].Data)
	d.MapFS[customPath] = &fstest.MapFile{Data: []byte(text + "A=\"open\n")}
	_, _, err := RenderSite(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: pristineTree, Disk: d.MapFS, Answers: some(), SecretKey: strings.Repeat("k", 50)})
	found := FindingsOf(err)
	if len(found) != 1 || found[0].Line != 1+strings.Count(text, "\n") {
		t.Errorf("got %v, want line %d", err, 1+strings.Count(text, "\n"))
	}
}
