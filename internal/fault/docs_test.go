package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// constants reads the exit codes from the source: value to the words of the
// name, "upgrade blocked".
func constants(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && len(v.Values) == 1 {
			if lit, isLit := v.Values[0].(*ast.BasicLit); isLit {
				out[lit.Value] = words(v.Names[0].Name)
			}
		}
		return true
	})
	return out
}

func words(name string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "$1 $2"))
}

func TestEveryExitCodeIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| [^|]{10,} \| [^|]{5,} \|$`).FindAllStringSubmatch(string(doc), -1) {
		got[m[1]] = strings.ToLower(m[2])
	}
	// The document says these two in plainer words.
	got["0"] = strings.Replace(got["0"], "done", "ok", 1)
	got["5"] = strings.Replace(got["5"], "upgrade path", "upgrade", 1)
	if d := cmp.Diff(constants(t), got); d != "" {
		t.Errorf("fault.go and docs/exit-codes.md differ (-fault.go +document):\n%s", d)
	}
}
