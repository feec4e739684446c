package backup

import "time"

// Pace is what was measured while the services ran.
type Pace struct {
	Services int           // that rest
	Files    int64         // in all volumes
	Changed  int64         // bytes that the newest round of the first pass had to read
	Scan     time.Duration // how long that round took
	Read     int64         // bytes of the whole first pass
	ReadTime time.Duration
}

const (
	perService   = 25 * time.Millisecond // to let one rest and go on
	sessionStart = time.Second           // to open and close a session of the repository
	slowestRead  = 20 << 20              // bytes per second, where nothing was measured
	patientRest  = 10 * time.Minute      // for which services rest before it is given up
)

// Predict says how long the services are going to rest: once more through all
// files, reading what changes meanwhile.
func Predict(p Pace) time.Duration {
	speed := float64(slowestRead)
	if p.Read > 1<<20 && p.ReadTime > 0 {
		speed = float64(p.Read) / p.ReadTime.Seconds()
	}
	changed := float64(p.Changed)
	scan := p.Scan - time.Duration(changed/speed*float64(time.Second))
	return sessionStart + 2*time.Duration(p.Services)*perService + max(scan, 0) + time.Duration(changed/speed*float64(time.Second))
}

// LongestRest says how long services may rest; 0 for as long as it takes. What
// was asked for decides. Else a rest is given up that takes much longer than
// predicted, as when the repository is gone. Where all is read during the rest
// nothing is predicted, and nothing can be said.
func LongestRest(asked, predicted time.Duration) time.Duration {
	if asked > 0 || predicted == 0 {
		return asked
	}
	return max(patientRest, 3*predicted)
}
