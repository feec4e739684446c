package clickhouse

import (
	"encoding/json"
	"strings"
)

// expr is a literal, a column or a call; operators are calls too.
type expr struct {
	literal any    // set when column and call are empty
	column  string // "*" for all
	call    string // lower case
	args    []expr
	title   string // what the result's column is called
}

const zeroNumber = json.Number("0")

func (p *parser) selection() *statement {
	st := &statement{verb: "SELECT", limit: -1}
	p.words("DISTINCT")
	for ok := true; ok && p.err == nil; ok = p.mark(",") {
		st.exprs = append(st.exprs, p.titled())
	}
	if p.words("FROM") {
		st.target = p.target()
		p.words("FINAL")
	}
	if p.words("PREWHERE") || p.words("WHERE") {
		cond := p.expression()
		st.where = &cond
	}
	if p.words("GROUP", "BY") {
		for ok := true; ok && p.err == nil; ok = p.mark(",") {
			st.groups = append(st.groups, p.titled())
		}
	}
	if p.words("ORDER", "BY") {
		for ok := true; ok && p.err == nil; ok = p.mark(",") {
			o := ordering{by: p.titled()}
			o.desc = p.words("DESC")
			p.words("ASC")
			st.order = append(st.order, o)
		}
	}
	if p.words("LIMIT") {
		if st.limit = p.integer(); p.mark(",") {
			st.offset, st.limit = st.limit, p.integer()
		}
	}
	if p.words("OFFSET") {
		st.offset = p.integer()
	}
	st.format = p.outFormat()
	return st
}

// titled is an expression with its name: AS, or its own text.
func (p *parser) titled() expr {
	start := p.tokStart()
	e := p.expression()
	if p.err != nil {
		return e
	}
	e.title = strings.TrimSpace(p.src[start:p.tokStart()])
	if p.words("AS") {
		e.title = p.ident()
	}
	return e
}

func (p *parser) expression() expr {
	left := p.conjunction()
	for p.words("OR") {
		left = expr{call: "or", args: []expr{left, p.conjunction()}}
	}
	return left
}

func (p *parser) conjunction() expr {
	left := p.negation()
	for p.words("AND") {
		left = expr{call: "and", args: []expr{left, p.negation()}}
	}
	return left
}

func (p *parser) negation() expr {
	if p.words("NOT") {
		return expr{call: "not", args: []expr{p.negation()}}
	}
	return p.comparison()
}

func (p *parser) comparison() expr {
	left := p.primary()
	for _, op := range []string{"=", "==", "!=", "<>", "<=", ">=", "<", ">"} {
		if p.mark(op) {
			return expr{call: op, args: []expr{left, p.primary()}}
		}
	}
	if p.words("IS") {
		isNot := p.words("NOT")
		p.words("NULL")
		return negateIf(isNot, expr{call: "isnull", args: []expr{left}})
	}
	isNot := p.words("NOT")
	switch {
	case p.words("LIKE"):
		return negateIf(isNot, expr{call: "like", args: []expr{left, p.primary()}})
	case p.words("IN"):
		p.need("(")
		return negateIf(isNot, expr{call: "in", args: append([]expr{left}, p.list()...)})
	}
	return left
}

func negateIf(yes bool, e expr) expr {
	if yes {
		return expr{call: "not", args: []expr{e}}
	}
	return e
}

// list reads expressions up to the closing parenthesis.
func (p *parser) list() []expr {
	var all []expr
	for p.err == nil && !p.mark(")") {
		all = append(all, p.expression())
		if !p.mark(",") && !(p.tok.kind == tokMark && p.tok.text == ")") {
			p.unexpected()
		}
	}
	return all
}

func (p *parser) primary() expr {
	t := p.tok
	switch {
	case p.mark("("):
		e := p.expression()
		p.need(")")
		return e
	case p.mark("*"):
		return expr{column: "*"}
	case t.kind == tokString:
		p.next()
		return expr{literal: t.text}
	case t.kind == tokNumber:
		p.next()
		return expr{literal: json.Number(t.text)}
	case p.words("NULL"):
		return expr{}
	case p.words("true"):
		return expr{literal: json.Number("1")}
	case p.words("false"):
		return expr{literal: zeroNumber}
	}
	name := p.ident()
	if t.kind == tokWord && p.mark("(") {
		return expr{call: strings.ToLower(name), args: p.list()}
	}
	for p.mark(".") {
		name += "." + p.ident()
	}
	return expr{column: name}
}
