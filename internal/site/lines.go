package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// appendLine adds v to a file of JSON lines, and gives the size that the file
// had. The line is on disk when it returns.
func appendLine(path string, v any) (size int64, err error) {
	line, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("encode a line of %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return 0, fmt.Errorf("add a line: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("add a line: %w", err)
	}
	// A crash may have torn the line before: this one begins a line of its own.
	last := []byte{'\n'}
	if st.Size() > 0 {
		if _, err := f.ReadAt(last, st.Size()-1); err != nil {
			return 0, fmt.Errorf("add a line: %w", err)
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err = f.Write(append(line, '\n')); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return 0, fmt.Errorf("add a line: %w", err)
	}
	return st.Size(), nil
}

// readLines reads a file of JSON lines; none where it is not there. It counts
// the lines that are not readable, as a crash may leave them.
func readLines[T any](path string) (list []T, broken int, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read lines: %w", err)
	}
	for line := range bytes.Lines(data) {
		var v T
		if json.Unmarshal(line, &v) != nil {
			broken++
			continue
		}
		list = append(list, v)
	}
	return list, broken, nil
}
