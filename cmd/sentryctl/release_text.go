package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/sentryctl/sentryctl/internal/release"
)

// write tells a person what the release consists of.
func (in inspection) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	list := func(label string, lines []string) {
		for _, line := range lines {
			fmt.Fprintf(w, "%s\t%s\n", label, line)
			label = "" // only the first line of a list is labelled
		}
	}
	list("version", []string{in.Version})
	list("source", []string{in.Source})
	list("digest", []string{in.Digest})
	list("project", []string{in.Project})
	list("services", []string{in.serviceCounts()})
	list("images", []string{in.imageCounts()})
	list("volumes", texts(in.Volumes, volumeText))
	list("ports", texts(in.Ports, portText))
	list("builds", in.buildTexts())
	list("examples", in.Examples)
	list("variables", []string{fmt.Sprint(len(in.Env))})
	return w.Flush()
}

func texts[T any](items []T, text func(T) string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = text(item)
	}
	return list
}

func (in inspection) serviceCounts() string {
	always := len(in.ServicesIn(""))
	text := fmt.Sprint(len(in.Services))
	for _, p := range in.Profiles {
		text += fmt.Sprintf(", %d of them only with %s", len(in.ServicesIn(p))-always, p)
	}
	return text
}

func (in inspection) imageCounts() string {
	built := 0
	for _, i := range in.Images {
		if i.Local {
			built++
		}
	}
	return fmt.Sprintf("%d pulled, %d built here", len(in.Images)-built, built)
}

func volumeText(v release.Volume) string {
	text := v.EngineName + ", of the project"
	if v.External {
		text = v.EngineName + ", external"
	}
	switch n := len(v.MountedBy); n {
	case 0:
		return text + ", not mounted"
	case 1:
		return text + ", mounted by " + v.MountedBy[0]
	default:
		return fmt.Sprintf("%s, mounted by %s and %d more", text, v.MountedBy[0], n-1)
	}
}

func portText(p release.Port) string {
	host := strings.TrimPrefix(p.HostIP+":"+p.Published, ":")
	return fmt.Sprintf("%s/%s to %s:%d", host, p.Protocol, p.Service, p.Target)
}

// buildTexts names each image once: upstream's services share a few.
func (in inspection) buildTexts() []string {
	var list []string
	seen := map[string]bool{}
	for _, b := range in.Builds {
		text := b.Image + " from " + b.Context
		if !b.Present {
			text += ", whose Dockerfile is missing here"
		}
		if !seen[text] {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}
