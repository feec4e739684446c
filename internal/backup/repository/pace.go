package repository

import (
	"sync/atomic"
	"time"
)

// betweenTold is how often progress is worth a word: each is a line that
// somebody has to carry and to read.
const betweenTold = 100 * time.Millisecond

// pace thins out what is told.
type pace struct{ last atomic.Int64 }

// due is true for one caller in a while.
func (p *pace) due() bool {
	now, last := time.Now().UnixNano(), p.last.Load()
	return now-last >= int64(betweenTold) && p.last.CompareAndSwap(last, now)
}
