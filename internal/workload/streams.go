package workload

import "io"

// Streams are what a one-off container is connected with while it runs. They
// pass through unkept, however much it is.
type Streams struct {
	In       io.Reader // nil: it has no stdin
	Out, Err io.Writer
	Sizes    <-chan Size // not nil: it has a terminal, whose size these are; all it says goes to Out
}

// Size is that of a terminal, in characters.
type Size struct{ Width, Height int }
