package stack

import (
	"syscall"
	"time"
)

func inodeTime(st *syscall.Stat_t) time.Time { return time.Unix(st.Ctim.Unix()) }
