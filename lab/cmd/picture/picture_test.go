package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestPictureOfATerminal(t *testing.T) {
	in, err := os.Open("testdata/screen.ansi")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	if err := run(in, &out, "sentryctl <install>", 80); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out.String())
	if *update {
		if err := os.WriteFile("testdata/screen.svg", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("testdata/screen.svg")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("testdata/screen.svg differs (-want +got):\n%s", d)
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

func TestParse(t *testing.T) {
	cases := []struct {
		name, in string
		want     [][]cellRun
	}{
		{"nothing", "", nil},
		{"plain", "ab\ncd", [][]cellRun{{{0, 2, "ab", style{}}}, {{0, 2, "cd", style{}}}}},
		{"colours and their end", "a\x1b[1;31mb\x1b[0mc", [][]cellRun{{{0, 1, "a", style{}}, {1, 1, "b", style{fg: sixteen[1], bold: true}}, {2, 1, "c", style{}}}}},
		{"empty sequence resets", "\x1b[2ma\x1b[mb", [][]cellRun{{{0, 1, "a", style{faint: true}}, {1, 1, "b", style{}}}}},
		{"style goes on over the line's end", "\x1b[32ma\nb", [][]cellRun{{{0, 1, "a", style{fg: sixteen[2]}}}, {{0, 1, "b", style{fg: sixteen[2]}}}}},
		{"256 colours and true colours", "\x1b[38;5;196;48;2;1;2;3mx", [][]cellRun{{{0, 1, "x", style{fg: "#ff0000", bg: "#010203"}}}}},
		{"wide letters", "完\x1b[1mx", [][]cellRun{{{0, 2, "完", style{}}, {2, 1, "x", style{bold: true}}}}},
		{"other sequences are passed over", "a\x1b[2Kb\x1b(Bc", [][]cellRun{{{0, 1, "a", style{}}, {1, 1, "b", style{}}, {2, 1, "c", style{}}}}},
		{"links show their text", "\x1b]8;;http://a\x1b\\link\x1b]8;;\ax", [][]cellRun{{{0, 4, "link", style{}}, {4, 1, "x", style{}}}}},
		{"lone escape", "a\x1b", [][]cellRun{{{0, 1, "a", style{}}}}},
		{"torn sequence", "a\x1b[3", [][]cellRun{{{0, 1, "a", style{}}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, parse(c.in), cmp.AllowUnexported(cellRun{}, style{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAnEmptyTerminalIsAnError(t *testing.T) {
	if err := run(strings.NewReader("\n  \n"), io.Discard, "x", 80); err == nil {
		t.Error("got no error")
	}
}
