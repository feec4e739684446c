package conf

// Unknown stands where a value is something that only Python could tell.
type Unknown struct{}

// Scan reads the assignments of a Python file, in order, the last one wins:
// NAME = value and NAME["key"] = value. Values are strings, numbers (as
// written), True, False, None, dicts, lists, names assigned before, and
// environment variables taken by env(), os.environ or os.getenv. Indented
// lines belong to functions and conditions and are passed over.
func Scan(src string, getenv func(string) string) map[string]any {
	vars := map[string]any{}
	for _, l := range lex(src) {
		if l.indent == 0 {
			p := &parser{toks: l.toks, vars: vars, getenv: getenv}
			p.assignment()
		}
	}
	return vars
}

type parser struct {
	toks   []token
	pos    int
	vars   map[string]any
	getenv func(string) string
}

func (p *parser) assignment() {
	if !p.is(name) {
		return
	}
	target := p.take().val
	var path []string
	for p.isOp("[") {
		p.pos++
		key, ok := p.value().(string)
		if !ok || !p.eat("]") {
			return
		}
		path = append(path, key)
	}
	if p.eat(":") { // NAME: type = value
		for p.pos < len(p.toks) && !p.isOp("=") {
			p.pos++
		}
	}
	if !p.eat("=") {
		return
	}
	v := p.value()
	if p.pos < len(p.toks) {
		v = Unknown{} // an expression that goes on
	}
	p.assign(target, path, v)
}

// assign sets vars[target][path…]. What stands there is copied first: it may
// be the value of another name too.
func (p *parser) assign(target string, path []string, v any) {
	for i := len(path); i > 0; i-- {
		parent, _ := lookup(p.vars[target], path[:i-1]).(map[string]any)
		grown := map[string]any{path[i-1]: v}
		for k, old := range parent {
			if k != path[i-1] {
				grown[k] = old
			}
		}
		v = grown
	}
	p.vars[target] = v
}

func lookup(v any, path []string) any {
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func (p *parser) value() any {
	v := p.atom()
	for p.isOp("[") { // NAME["key"]
		p.pos++
		key, ok := p.value().(string)
		if !ok || !p.eat("]") {
			return Unknown{}
		}
		if v = lookup(v, []string{key}); v == nil {
			v = Unknown{}
		}
	}
	if p.is(name) && p.toks[p.pos].val == "or" { // env("X") or "default"
		p.pos++
		if other := p.value(); v == nil || v == "" {
			return other
		}
	}
	return v
}

func (p *parser) atom() any {
	switch {
	case p.is(text):
		return p.strings()
	case p.is(number):
		return p.take().val
	case p.isOp("{"):
		return p.dict()
	case p.isOp("["):
		return p.list("[", "]")
	case p.isOp("("):
		return p.paren()
	case p.is(name):
		return p.named()
	}
	p.pos++
	return Unknown{}
}

// strings joins neighbours, as Python does.
func (p *parser) strings() any {
	s, known := "", true
	for p.is(text) {
		t := p.take()
		s, known = s+t.val, known && !t.opaque
	}
	if !known {
		return Unknown{}
	}
	return s
}

func (p *parser) dict() any {
	p.pos++
	m := map[string]any{}
	for p.pos < len(p.toks) && !p.isOp("}") {
		key := p.value()
		if !p.eat(":") {
			return p.skip("}")
		}
		v := p.value()
		if !p.isOp(",") && !p.isOp("}") {
			v = p.unknownItem()
		}
		if k, ok := key.(string); ok {
			m[k] = v
		}
		p.eat(",")
	}
	p.eat("}")
	return m
}

func (p *parser) list(open, closing string) any {
	p.eat(open)
	items := []any{}
	for p.pos < len(p.toks) && !p.isOp(closing) {
		v := p.value()
		if !p.isOp(",") && !p.isOp(closing) {
			v = p.unknownItem()
		}
		items = append(items, v)
		p.eat(",")
	}
	p.eat(closing)
	return items
}

// paren is a tuple, or one value in brackets.
func (p *parser) paren() any {
	start := p.pos
	items, _ := p.list("(", ")").([]any)
	if len(items) == 1 && p.pos-start > 1 && p.toks[max(0, p.pos-2)].val != "," {
		return items[0]
	}
	return items
}
