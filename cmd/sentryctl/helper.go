package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/cgroup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/helper"
	"github.com/sentryctl/sentryctl/internal/preflight/machine"
)

// newHelperCmd holds what this binary does for itself in helper containers. It
// is hidden, as a person has no use for it.
func newHelperCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "helper",
		Short:  "Work inside a helper container",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fault.New(fault.Usage, "Read: sentryctl --help", "helper is run by sentryctl itself")
		},
	}
	cmd.AddCommand(newHelperProbeCmd(a), newHelperBucketCmd(a), newHelperUploadCmd(a), newHelperStorageKeyCmd(), newHelperCaptureCmd(a), newHelperRestoreCmd(a), newHelperSwapCmd(a), newHelperThawCmd(), newHelperFreezeCmd(), newHelperCloneCmd(a), newHelperBallastCmd())
	return cmd
}

type helperProbeOptions struct {
	path string
	sync bool
}

func newHelperProbeCmd(a *app) *cobra.Command {
	opts := helperProbeOptions{}
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Print what this machine has",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runHelperProbe(cmd.Context(), opts, a) },
	}
	cmd.Flags().StringVar(&opts.path, "path", "/", "directory on the disk to measure")
	cmd.Flags().BoolVar(&opts.sync, "sync", false, "time small writes")
	return cmd
}

func runHelperProbe(ctx context.Context, opts helperProbeOptions, a *app) error {
	p, err := helper.Probe(ctx, helper.ProbeOptions{Machine: machine.Here(), Dir: opts.path, Sync: opts.sync})
	if err != nil {
		return err
	}
	return a.writeJSON(p)
}

func newHelperBucketCmd(a *app) *cobra.Command {
	opts := helper.BucketOptions{Wait: time.Minute}
	cmd := &cobra.Command{
		Use:   "bucket",
		Short: "Make the buckets of an object storage; its keys come as JSON on stdin",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runHelperBucket(cmd.Context(), opts, a) },
	}
	cmd.Flags().StringVar(&opts.Endpoint, "endpoint", "", "address of the storage: http://host:port")
	cmd.Flags().StringArrayVar(&opts.Buckets, "bucket", nil, "name of a bucket, can be repeated")
	cmd.Flags().IntVar(&opts.ExpireDays, "expire-days", 0, "days after which objects go, 0 for never")
	return cmd
}

func runHelperBucket(ctx context.Context, opts helper.BucketOptions, a *app) error {
	keys, err := helper.ReadKeys(a.stdin)
	if err != nil {
		return err
	}
	made, err := helper.Buckets(ctx, opts, keys)
	if err != nil {
		return err
	}
	return a.writeJSON(struct {
		Type string   `json:"type"`
		Made []string `json:"made"`
	}{"buckets", made})
}

func newHelperThawCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "thaw CONTAINER...",
		Short: "Let containers go on whose control groups are frozen",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(_ *cobra.Command, ids []string) error { return allOf(cgroup.Thaw(cgroup.Mounted, ids...)) },
	}
}

func newHelperFreezeCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "freeze CONTAINER...",
		Short: "Freeze the control groups of containers",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(_ *cobra.Command, ids []string) error { return allOf(cgroup.Freeze(cgroup.Mounted, ids...)) },
	}
}

// allOf makes an error of what is left.
func allOf(left []string, err error) error {
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("no control group of %v", left)
	}
	return err
}
