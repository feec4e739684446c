package merge

// match returns for each line of a the line of b that it became, or -1, along a
// shortest edit script (Myers 1986). Matches are in order on both sides.
func match(a, b []string) []int {
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		out[start] = start
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
		out[endA] = endB
	}
	for _, p := range snake(a[start:endA], b[start:endB]) {
		out[start+p.a] = start + p.b
	}
	return out
}

type pair struct{ a, b int }

// maxEdits bounds the search: texts that differ in more lines have nothing in
// common worth finding, and memory grows with the square of the edits.
const maxEdits = 2000

// snake returns the matched lines of a and b, the last first.
func snake(a, b []string) []pair {
	n, m := len(a), len(b)
	limit := min(n+m, maxEdits)
	front := make([]int, 2*limit+2)
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), front[limit-d:limit+d+2]...))
		for k := -d; k <= d; k += 2 {
			x := front[limit+k+1]
			if k != -d && (k == d || front[limit+k-1] >= front[limit+k+1]) {
				x = front[limit+k-1] + 1
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			front[limit+k] = x
			if x >= n && x-k >= m {
				return back(trace, d, n, m)
			}
		}
	}
	return nil
}

// back walks the rounds from the last to the first. trace[d] is the frontier
// before round d, its diagonal 0 at index d.
func back(trace [][]int, d, x, y int) []pair {
	var out []pair
	for ; d >= 0; d-- {
		front, k := trace[d], x-y
		var px, py int
		if d > 0 {
			prev := k - 1
			if k == -d || (k != d && front[d+k-1] < front[d+k+1]) {
				prev = k + 1
			}
			px = front[d+prev]
			py = px - prev
		}
		for x > px && y > py {
			x, y = x-1, y-1
			out = append(out, pair{x, y})
		}
		x, y = px, py
	}
	return out
}
