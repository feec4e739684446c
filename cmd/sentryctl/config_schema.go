package main

import (
	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/config"
)

func newConfigSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the answers file",
		Long: `Print the JSON Schema (draft 2020-12) of the answers file, for editors and
other programs.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(schema)
			return err
		},
	}
}
