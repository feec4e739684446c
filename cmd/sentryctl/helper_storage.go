package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/helper"
)

func newHelperUploadCmd(a *app) *cobra.Command {
	opts := helper.UploadOptions{Wait: time.Minute}
	cmd := &cobra.Command{
		Use:   "upload",
		Short: "Copy files into a bucket; the storage's keys come as JSON on stdin",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runHelperUpload(cmd.Context(), opts, a) },
	}
	cmd.Flags().StringVar(&opts.Endpoint, "endpoint", "", "address of the storage: http://host:port")
	cmd.Flags().StringVar(&opts.Bucket, "bucket", "", "name of the bucket")
	cmd.Flags().StringVar(&opts.Dir, "dir", "", "directory with the files")
	return cmd
}

func runHelperUpload(ctx context.Context, opts helper.UploadOptions, a *app) error {
	keys, err := helper.ReadKeys(a.stdin)
	if err != nil {
		return err
	}
	files, copied, err := helper.Upload(ctx, opts, keys)
	if err != nil {
		return err
	}
	return a.writeJSON(struct {
		Type   string `json:"type"`
		Files  int    `json:"files"`
		Copied int    `json:"copied"`
	}{"uploaded", files, copied})
}

func newHelperStorageKeyCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "storage-key",
		Short: "Put the object storage's key in /data where weed mini reads it",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return helper.MoveKey("/data") },
	}
}
