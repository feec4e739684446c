package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// Variable is a variable's value and the name of the env file that sets it, "" for
// the environment of the process.
type Variable struct{ Value, File string }

// Variables reads what the compose files in dir would see, and where it comes from.
// The compose files themselves are not read.
func Variables(dir string) (map[string]Variable, error) {
	paths, vars, err := readEnvFiles(dir, nil)
	if err != nil {
		return nil, err
	}
	found := map[string]Variable{}
	for _, path := range paths {
		own, err := dotenv.GetEnvFromFile(vars, []string{path})
		if err != nil {
			return nil, fmt.Errorf("read environment file: %w", err)
		}
		for name := range own {
			found[name] = Variable{vars[name], filepath.Base(path)}
		}
	}
	for _, kv := range os.Environ() {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			found[name] = Variable{Value: value}
		}
	}
	return found, nil
}
