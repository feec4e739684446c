package uitest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
)

// EventTypes reads the names of all event types from the source of package
// event: what its Type methods return. Tests compare their own lists with it,
// so that a new event type cannot be forgotten.
func EventTypes(eventGo string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), eventGo, nil, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != "Type" {
			continue
		}
		ret := f.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.BasicLit)
		name, err := strconv.Unquote(ret.Value)
		if err != nil {
			return nil, err
		}
		out[f.Recv.List[0].Type.(*ast.Ident).Name] = name
	}
	return out, nil
}
