package clickhouse

import (
	"strconv"
	"strings"
)

// target names a table; an empty database is the session's.
type target struct{ database, table string }

// statement is one parsed statement: verb says which of the fields count.
type statement struct {
	verb    string // SELECT, INSERT, CREATE TABLE, CREATE DATABASE, DROP TABLE, …
	target  target
	lenient bool // IF EXISTS, IF NOT EXISTS

	uuid    string // CREATE TABLE
	engine  string
	columns []column

	fields []string // INSERT
	format string   // INSERT, SELECT
	data   string   // INSERT: what follows FORMAT or VALUES

	exprs  []expr // SELECT
	where  *expr  // SELECT, ALTER TABLE … DELETE
	groups []expr
	order  []ordering
	limit  int // -1: all
	offset int
	name   string // ALTER TABLE … FREEZE WITH NAME
}

type ordering struct {
	by   expr
	desc bool
}

type parser struct {
	src string
	tok token
	err error
}

// parse reads one statement.
func parse(src string) (*statement, error) {
	p := &parser{src: src}
	p.next()
	st := p.statement()
	if p.err == nil && st.verb != "INSERT" {
		p.mark(";")
		if p.tok.kind != tokEnd {
			p.unexpected()
		}
	}
	return st, p.err
}

func (p *parser) next() {
	if p.err != nil {
		return
	}
	if p.tok, p.err = lex(p.src, p.tok.end); p.err != nil {
		p.tok = token{kind: tokEnd}
	}
}

func (p *parser) unexpected() {
	if p.err == nil {
		p.err = fail(62, "SYNTAX_ERROR", "Syntax error: failed at position %d (%q)", p.tok.end-len(p.tok.text)+1, p.tok.text)
	}
	p.tok = token{kind: tokEnd}
}

// peek says whether the next token is the keyword.
func (p *parser) peek(words ...string) bool {
	for _, w := range words {
		if p.tok.kind == tokWord && strings.EqualFold(p.tok.text, w) {
			return true
		}
	}
	return false
}

// words takes the keywords if the first of them is next.
func (p *parser) words(words ...string) bool {
	if !p.peek(words[0]) {
		return false
	}
	for _, w := range words {
		if !p.peek(w) {
			p.unexpected()
			return false
		}
		p.next()
	}
	return true
}

func (p *parser) mark(m string) bool {
	if p.tok.kind != tokMark || p.tok.text != m {
		return false
	}
	p.next()
	return true
}

func (p *parser) need(m string) {
	if !p.mark(m) {
		p.unexpected()
	}
}

func (p *parser) ident() string {
	if p.tok.kind != tokWord && p.tok.kind != tokQuoted {
		p.unexpected()
		return ""
	}
	name := p.tok.text
	p.next()
	return name
}

func (p *parser) text() string {
	if p.tok.kind != tokString {
		p.unexpected()
		return ""
	}
	s := p.tok.text
	p.next()
	return s
}

func (p *parser) integer() int {
	n, err := strconv.Atoi(p.tok.text)
	if p.tok.kind != tokNumber || err != nil {
		p.unexpected()
		return 0
	}
	p.next()
	return n
}

func (p *parser) target() target {
	name := p.ident()
	if p.mark(".") {
		return target{name, p.ident()}
	}
	return target{table: name}
}

func (p *parser) statement() *statement {
	switch {
	case p.words("SELECT"):
		return p.selection()
	case p.words("INSERT", "INTO"):
		return p.insert()
	case p.words("CREATE"):
		return p.create()
	case p.words("DROP"):
		return p.onTable("DROP")
	case p.words("TRUNCATE"):
		return p.onTable("TRUNCATE")
	case p.words("SHOW"):
		return p.show()
	case p.words("EXISTS"):
		p.words("TABLE")
		return &statement{verb: "EXISTS", target: p.target()}
	case p.words("DESCRIBE"), p.words("DESC"):
		p.words("TABLE")
		return &statement{verb: "DESCRIBE", target: p.target(), limit: -1, format: p.outFormat()}
	case p.words("ALTER", "TABLE"):
		return p.alter()
	case p.peek("SYSTEM", "SET", "OPTIMIZE"):
		for p.tok.kind != tokEnd && !(p.tok.kind == tokMark && p.tok.text == ";") {
			p.next()
		}
		return &statement{verb: "NOTHING"}
	}
	p.unexpected()
	return &statement{}
}

// onTable reads what follows DROP and TRUNCATE.
func (p *parser) onTable(verb string) *statement {
	if verb == "DROP" && p.words("DATABASE") {
		st := &statement{verb: "DROP DATABASE", lenient: p.words("IF", "EXISTS"), name: p.ident()}
		p.words("SYNC")
		return st
	}
	if !p.words("TABLE") {
		p.words("VIEW")
	}
	st := &statement{verb: verb + " TABLE", lenient: p.words("IF", "EXISTS"), target: p.target()}
	p.words("SYNC")
	p.words("NO", "DELAY")
	return st
}

func (p *parser) show() *statement {
	if p.words("DATABASES") {
		return &statement{verb: "SHOW DATABASES", format: p.outFormat()}
	}
	if !p.words("TABLES") {
		p.unexpected()
	}
	st := &statement{verb: "SHOW TABLES"}
	if p.words("FROM") || p.words("IN") {
		st.target.database = p.ident()
	}
	st.format = p.outFormat()
	return st
}

func (p *parser) alter() *statement {
	st := &statement{target: p.target()}
	switch {
	case p.words("DELETE", "WHERE"):
		st.verb = "DELETE"
		cond := p.expression()
		st.where = &cond
	case p.words("FREEZE"):
		st.verb, st.name = "FREEZE", "1"
		if p.words("WITH", "NAME") {
			st.name = p.text()
		}
	default:
		p.unexpected()
	}
	return st
}

func (p *parser) outFormat() string {
	if p.words("FORMAT") {
		return p.ident()
	}
	return ""
}

// insert stops reading tokens where the data begins.
func (p *parser) insert() *statement {
	p.words("TABLE")
	st := &statement{verb: "INSERT", target: p.target()}
	if p.mark("(") {
		for p.err == nil && !p.mark(")") {
			st.fields = append(st.fields, p.ident())
			p.mark(",")
		}
	}
	switch {
	case p.peek("VALUES"):
		st.format = "VALUES"
	case p.words("FORMAT"):
		st.format = strings.ToUpper(p.tok.text)
	default:
		p.unexpected()
	}
	if p.err == nil {
		st.data = p.src[p.tok.end:]
	}
	return st
}
