package backup_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
)

func TestNewestGoodDrill(t *testing.T) {
	s := resting(t, "")
	if _, found, forged, err := backup.NewestGoodDrill(s); found || forged > 0 || err != nil {
		t.Fatalf("no drill: %v, %d, %v", found, forged, err)
	}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	paths := map[int]string{}
	for n, good := range map[int]bool{1: true, 2: true, 3: true, 4: false, 5: true} {
		path, err := backup.SaveDrill(s, backup.Drilled{Backup: "b", Begun: day(n), Good: good})
		if err != nil {
			t.Fatal(err)
		}
		paths[n] = path
	}
	data, err := os.ReadFile(paths[3]) // an older drill is made a newer one
	if err == nil {
		err = os.WriteFile(paths[3], bytes.ReplaceAll(data, []byte("2026-01-03"), []byte("2026-01-30")), 0o600)
	}
	if err == nil {
		err = os.Remove(paths[5] + ".sig")
	}
	if err != nil {
		t.Fatal(err)
	}
	d, found, forged, err := backup.NewestGoodDrill(s)
	if err != nil || !found || forged != 2 || !d.Begun.Equal(day(2)) {
		t.Errorf("got %v %s, %d forged, %v", found, d.Begun, forged, err)
	}
	if err := os.Remove(filepath.Join(s.Own("backup"), "drill-key.pem")); err != nil {
		t.Fatal(err)
	}
	if _, found, forged, err := backup.NewestGoodDrill(s); found || forged != 5 || err != nil {
		t.Errorf("without the key: %v, %d, %v", found, forged, err)
	}
}
