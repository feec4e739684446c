package stack

import (
	"container/heap"
	"context"
	"sync"
)

// gate lets a bounded number pass at once, the most urgent first.
type gate struct {
	mu    sync.Mutex
	free  int
	queue turns
}

func newGate(width int) *gate { return &gate{free: width} }

// turn is one who waits at the gate.
type turn struct {
	urgency int
	seq     int // among equals, first come first served
	open    chan struct{}
	index   int
}

// enter waits for a place. leave must follow when it returns nil.
func (g *gate) enter(ctx context.Context, urgency int) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	t := &turn{urgency: urgency, seq: g.queue.next, open: make(chan struct{})}
	g.queue.next++
	heap.Push(&g.queue, t)
	g.mu.Unlock()
	select {
	case <-t.open:
		return nil
	case <-ctx.Done():
		g.abandon(t)
		return ctx.Err()
	}
}

// abandon takes t out of the queue, or passes on the place that it was just
// given.
func (g *gate) abandon(t *turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.index >= 0 {
		heap.Remove(&g.queue, t.index)
		return
	}
	g.pass()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pass()
}

func (g *gate) pass() {
	if len(g.queue.list) == 0 {
		g.free++
		return
	}
	close(heap.Pop(&g.queue).(*turn).open)
}

// turns is a heap of those who wait.
type turns struct {
	list []*turn
	next int
}

func (q *turns) Len() int { return len(q.list) }
func (q *turns) Less(i, j int) bool {
	a, b := q.list[i], q.list[j]
	if a.urgency != b.urgency {
		return a.urgency > b.urgency
	}
	return a.seq < b.seq
}
func (q *turns) Swap(i, j int) {
	q.list[i], q.list[j] = q.list[j], q.list[i]
	q.list[i].index, q.list[j].index = i, j
}
func (q *turns) Push(x any) {
	t := x.(*turn)
	t.index = len(q.list)
	q.list = append(q.list, t)
}
func (q *turns) Pop() any {
	t := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	t.index = -1
	return t
}
