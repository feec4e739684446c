package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/helper"
)

func newHelperCloneCmd(a *app) *cobra.Command {
	var o helper.Clone
	var volumes []string
	cmd := &cobra.Command{
		Use:   "clone",
		Short: "Copy volumes that others write to, until stdin ends",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range volumes {
				o.Pairs = append(o.Pairs, helper.Pair{Name: name, From: cloneFrom + name, To: cloneTo + name})
			}
			return a.runHelperClone(cmd.Context(), o)
		},
	}
	cmd.Flags().StringArrayVar(&volumes, "volume", nil, "name of a volume, can be repeated")
	cmd.Flags().Int64Var(&o.Reserve, "reserve", 0, "bytes that stay free")
	return cmd
}

// Where the helper finds a volume and its copy.
const (
	cloneFrom = "/from/"
	cloneTo   = "/to/"
)

func (a *app) runHelperClone(ctx context.Context, o helper.Clone) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, a.stdin) // it ends when nobody waits for the copy any more
		cancel()
	}()
	o.Say = func(c helper.Cloned) { _ = a.writeJSON(c) }
	return o.Run(ctx)
}
