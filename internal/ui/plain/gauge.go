package plain

import (
	"fmt"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// gauge decides which progress of a step is worth a line: a tenth more of the
// whole, an item that is complete, or, where no total is known, a new item.
// Bytes are measured per item and added up; any other unit counts the items
// of the step, and the event is already the sum.
type gauge struct {
	items   map[string]amount
	sum     amount
	told    map[measure]int // tenths of the whole that were told
	itemsOK map[string]bool // items that were told
}

type amount struct{ done, total int64 }

type measure struct {
	unit  string
	total int64 // a new total is a new measure; not used for bytes, whose total grows
}

// take returns the line to write, if e has changed enough.
func (g *gauge) take(e event.Progress) (string, bool) {
	if g.items == nil {
		g.items, g.told, g.itemsOK = map[string]amount{}, map[measure]int{}, map[string]bool{}
	}
	e.Done, e.Total = max(e.Done, 0), max(e.Total, 0)
	if e.Unit == "bytes" {
		return g.bytes(e)
	}
	return g.count(e)
}

func (g *gauge) bytes(e event.Progress) (string, bool) {
	old := g.items[e.Item]
	now := amount{e.Done, e.Total}
	g.items[e.Item] = now
	g.sum.done += now.done - old.done
	g.sum.total += now.total - old.total
	complete := now.total > 0 && now.done >= now.total
	if e.Item != "" && complete && !g.itemsOK[e.Item] {
		g.itemsOK[e.Item] = true
		g.passed(measure{unit: e.Unit}, g.sum)
		return g.line(g.sum, e.Unit, format.Clean(e.Item)+" complete"), true
	}
	if g.passed(measure{unit: e.Unit}, g.sum) {
		return g.line(g.sum, e.Unit, note(e)), true
	}
	return "", false
}

func (g *gauge) count(e event.Progress) (string, bool) {
	now := amount{e.Done, e.Total}
	if now.total == 0 {
		fresh := e.Item != "" && !g.itemsOK[e.Item]
		g.itemsOK[e.Item] = true
		return g.line(now, e.Unit, note(e)), fresh
	}
	if !g.passed(measure{e.Unit, e.Total}, now) {
		return "", false
	}
	return g.line(now, e.Unit, note(e)), true
}

// passed tells whether the measure has reached a tenth that was not told yet.
func (g *gauge) passed(m measure, now amount) bool {
	tenth := format.Percent(now.done, now.total) / 10
	if tenth <= g.told[m] {
		return false
	}
	g.told[m] = tenth
	return true
}

func (g *gauge) line(now amount, unit, note string) string {
	text := format.Amount(now.done, now.total, format.Clean(unit))
	if now.total > 0 {
		text = fmt.Sprintf("%3d %%  %s", format.Percent(now.done, now.total), text)
	}
	if note != "" {
		text += "  " + note
	}
	return text
}

func note(e event.Progress) string {
	item, note := format.Clean(e.Item), format.Clean(e.Note)
	if item != "" && note != "" {
		return item + " " + note
	}
	return item + note
}
