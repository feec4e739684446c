package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/helper"
)

// elbowRoom is what stays for those who write meanwhile, however much a way back may want.
const elbowRoom = 1 << 30

func newHelperBallastCmd() *cobra.Command {
	var dir string
	var bytes, more int64
	var beside []string
	cmd := &cobra.Command{
		Use:   "ballast",
		Short: "Take up room on a disk",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := helper.DropBallast(dir); err != nil { // of a run before: it is no longer taken
				return err
			}
			disk, err := capture.RoomOf(dir)
			if err != nil {
				return err
			}
			if err := helper.Ballast(dir, bytes, max(0, min(more, disk.Free-elbowRoom))); err != nil {
				return err
			}
			n, err := roomToComeBack(cmd.Context(), dir, beside)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), n)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "", "directory on the disk")
	f.Int64Var(&bytes, "bytes", 0, "how much")
	f.Int64Var(&more, "more", 0, "and how much more, of what others can do without")
	f.StringArrayVar(&beside, "beside", nil, "directory of which it is said what writing it once more takes on the same disk, can be repeated")
	return cmd
}

// roomToComeBack is what a restore of some directories writes beside them on the disk of dir.
func roomToComeBack(ctx context.Context, dir string, beside []string) (int64, error) {
	disk, err := capture.RoomOf(dir)
	if err != nil {
		return 0, err
	}
	var volumes []capture.Volume
	for _, d := range beside {
		volumes = append(volumes, capture.Volume{Name: d, Dir: d})
	}
	rooms, err := capture.Beside(ctx, volumes)
	if err != nil {
		return 0, err
	}
	for _, r := range rooms {
		if r.Disk == disk.Disk {
			return r.Bytes, nil
		}
	}
	return 0, nil
}
