package tui

import "time"

// part returns how much of the run is done, 0 to 1. Steps weigh what they took
// in an earlier run, or all the same where none is known. A step that did not
// have to run weighs nothing.
func (r *run) part() float64 {
	if r.finished != nil && r.finished.OK {
		return 1
	}
	var won, all float64
	for i, s := range r.steps {
		w := r.weight(s)
		switch s.status {
		case skipped, already:
			continue
		case done:
			won += w
		case running:
			won += w * r.partOf(i)
		}
		all += w
	}
	if all > 0 {
		r.best = max(r.best, min(won/all, 1))
	}
	return r.best
}

func (r *run) weight(s stepState) float64 {
	if len(r.expect) == 0 {
		return 1
	}
	return max(r.expect[s.id].Seconds(), 0.1)
}

// partOf returns how much of a running step is done: what it says, else what
// its earlier duration suggests.
func (r *run) partOf(i int) float64 {
	s := r.steps[i]
	if i == r.current && r.meter.total > 0 {
		return r.meter.part()
	}
	if want := r.expect[s.id]; want > 0 {
		return min(0.95, float64(r.now().Sub(s.began))/float64(want))
	}
	return 0
}

// remaining guesses the time to the end from an earlier run, at the pace of
// this one. False: nobody knows.
func (r *run) remaining() (time.Duration, bool) {
	if len(r.expect) == 0 || r.finished != nil || len(r.steps) == 0 {
		return 0, false
	}
	var left float64
	for i, s := range r.steps {
		switch s.status {
		case pending:
			left += float64(r.expect[s.id])
		case running:
			left += float64(r.expect[s.id]) * (1 - r.partOf(i))
		}
	}
	return time.Duration(left * r.pace()), left > 0
}

// pace compares this run with the earlier one: 2 means twice as slow. It says
// nothing (1) before there is something to compare.
func (r *run) pace() float64 {
	var took, want time.Duration
	for _, s := range r.steps {
		if s.status == done && r.expect[s.id] > 0 {
			took += s.took
			want += r.expect[s.id]
		}
	}
	if want < 5*time.Second {
		return 1
	}
	return min(max(float64(took)/float64(want), 0.25), 4)
}
