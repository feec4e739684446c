package preflight

import (
	"slices"
	"strings"
)

// sentryProjects are the Compose projects of upstream's checkouts:
// sentry-self-hosted since 21.x, the others before.
var sentryProjects = []string{"sentry-self-hosted", "sentry_onpremise", "onpremise"}

func leftoverChecks() []Check {
	return []Check{
		{ID: "leftover-volumes", Title: "No volumes of another Sentry", Severity: Block,
			Source: "external volumes are used by name: an install would migrate the data in them", Judge: judgeVolumes},
		{ID: "leftover-containers", Title: "No containers of another Sentry", Severity: Block,
			Source: "Compose takes over the containers of a project with the same name", Judge: judgeContainers},
	}
}

func judgeVolumes(f Facts, t Target) Verdict {
	const want = "none"
	return judge(f.Inventory, func(inv Inventory) Verdict {
		if installed(f) {
			return skip("this site is installed and they are its own")
		}
		var used, beside []string
		for _, v := range inv.Volumes {
			switch {
			case slices.Contains(t.Volumes, v.Name) || t.Project != "" && v.Project == t.Project:
				used = append(used, v.Name)
			case strings.HasPrefix(v.Name, "sentry-") || slices.Contains(sentryProjects, v.Project):
				beside = append(beside, v.Name)
			}
		}
		switch {
		case len(used) > 0:
			return bad(strings.Join(used, ", "), want, "This install would use the data in them. If it may go: docker volume rm "+strings.Join(used, " "))
		case len(beside) > 0:
			return bad(strings.Join(beside, ", "), want, "They will not be touched. If they may go: docker volume rm "+strings.Join(beside, " ")).as(Warn)
		}
		return pass("none", want)
	}).wanting(want)
}

func installed(f Facts) bool { return f.Site.Known && f.Site.Value.Installed }

func judgeContainers(f Facts, t Target) Verdict {
	const want = "none"
	return judge(f.Inventory, func(inv Inventory) Verdict {
		var same, beside []string
		for _, c := range inv.Containers {
			switch {
			case ownContainer(f, t, c):
			case t.Project != "" && c.Project == t.Project:
				same = append(same, c.Name)
			case slices.Contains(sentryProjects, c.Project):
				beside = append(beside, c.Name)
			}
		}
		switch {
		case len(same) > 0:
			return bad(shorten(same), want, "Remove them with their own checkout (docker compose down, volumes stay), or choose another project name: COMPOSE_PROJECT_NAME")
		case len(beside) > 0:
			return bad(shorten(beside), want, "Two Sentries share this machine's memory; stop the other with: docker compose stop, in its directory").as(Warn)
		}
		return pass("none", want)
	}).wanting(want)
}

// ownContainer tells whether a container belongs to this site: made from its
// directory, or by its project when a site of ours is there (a directory may
// have been reached under another name).
func ownContainer(f Facts, t Target, c Container) bool {
	if c.Dir != "" && c.Dir == t.SiteDir {
		return true
	}
	return installed(f) && t.Project != "" && c.Project == t.Project && c.Dir == ""
}

// shorten keeps a list of dozens readable.
func shorten(names []string) string {
	const most = 6
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}
