package jsonl_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

const document = "../../../docs/output.md"

// fields returns the JSON names of a struct's fields with their JSON types.
func fields(typ reflect.Type) map[string]string {
	out := map[string]string{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			for name, kind := range fields(f.Type) {
				out[name] = kind
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int64: "number", reflect.Slice: "array"}[f.Type.Kind()]
		if strings.Contains(options, "omitempty") {
			kind += ", optional"
		}
		out[name] = kind
	}
	return out
}

// documented reads the tables below the heading of each event type.
func documented(doc string) map[string]map[string]string {
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| (.+) \\|$")
	out := map[string]map[string]string{}
	for _, section := range strings.Split(doc, "\n### ")[1:] {
		name := regexp.MustCompile("^`([a-z_]+)`\n").FindStringSubmatch(section)
		if name == nil {
			continue
		}
		out[name[1]] = map[string]string{}
		for _, m := range row.FindAllStringSubmatch(section, -1) {
			kind := m[2]
			if strings.Contains(m[3], "*optional*") {
				kind += ", optional"
			}
			out[name[1]][m[1]] = kind
		}
	}
	return out
}

func TestEveryEventAndFieldIsDocumented(t *testing.T) {
	doc, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{}
	for _, e := range uitest.All() {
		want[e.Type()] = fields(reflect.TypeOf(e))
	}
	if d := cmp.Diff(want, documented(string(doc))); d != "" {
		t.Errorf("package event and docs/output.md differ (-event +document):\n%s", d)
	}
}

func TestExamplesInTheDocumentAreTrue(t *testing.T) {
	doc, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var beats []uitest.Beat
	for _, e := range uitest.All() {
		beats = append(beats, uitest.Beat{Event: e})
	}
	_, examples, _ := strings.Cut(string(doc), "### Examples")
	_, examples, _ = strings.Cut(examples, "```json\n")
	examples, _, _ = strings.Cut(examples, "```")
	if d := cmp.Diff(play(beats), examples); d != "" {
		t.Errorf("the examples in docs/output.md differ (-want +document):\n%s", d)
	}
}
