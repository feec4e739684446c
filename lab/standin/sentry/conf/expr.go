package conf

import "strings"

// named is True, a name assigned before, or a call. Calls other than those
// that read the environment are unknown.
func (p *parser) named() any {
	n := p.take().val
	for p.isOp(".") && p.pos+1 < len(p.toks) {
		p.pos++
		n += "." + p.take().val
	}
	switch n {
	case "True":
		return true
	case "False":
		return false
	case "None":
		return nil
	}
	if p.isOp("(") {
		args, _ := p.list("(", ")").([]any)
		return p.call(n, args)
	}
	if n == "os.environ" && p.isOp("[") {
		args, _ := p.list("[", "]").([]any)
		return p.call("env", args)
	}
	if v, ok := p.vars[n]; ok {
		return v
	}
	return Unknown{}
}

func (p *parser) call(fn string, args []any) any {
	if len(args) == 0 {
		return Unknown{}
	}
	switch fn {
	case "env", "os.environ.get", "os.getenv", "environ.get", "getenv":
		key, ok := args[0].(string)
		if !ok {
			return Unknown{}
		}
		if v := p.getenv(key); v != "" {
			return v
		}
		if len(args) > 1 {
			return args[1]
		}
		return nil
	case "str", "int", "float", "bool":
		return args[0]
	}
	return Unknown{}
}

// unknownItem moves to the end of an item that could not be read.
func (p *parser) unknownItem() any {
	depth := 0
	for ; p.pos < len(p.toks); p.pos++ {
		t := p.toks[p.pos]
		if t.kind != op {
			continue
		}
		switch {
		case strings.Contains("([{", t.val):
			depth++
		case strings.Contains(")]}", t.val) && depth == 0, t.val == "," && depth == 0:
			return Unknown{}
		case strings.Contains(")]}", t.val):
			depth--
		}
	}
	return Unknown{}
}

// skip moves past the bracket that closes what is being read.
func (p *parser) skip(closing string) any {
	for p.pos < len(p.toks) {
		p.unknownItem()
		if p.eat(closing) {
			break
		}
		p.pos++
	}
	return Unknown{}
}

func (p *parser) is(k kind) bool { return p.pos < len(p.toks) && p.toks[p.pos].kind == k }

func (p *parser) isOp(v string) bool { return p.is(op) && p.toks[p.pos].val == v }

func (p *parser) take() token {
	t := p.toks[p.pos]
	p.pos++
	return t
}

func (p *parser) eat(v string) bool {
	if p.isOp(v) {
		p.pos++
		return true
	}
	return false
}
