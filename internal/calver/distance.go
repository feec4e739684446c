package calver

import "github.com/agnivade/levenshtein"

func distance(a, b string) int { return levenshtein.ComputeDistance(a, b) }
