package main

import (
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// release is set by the linker (-X main.release=...) to the commit that was
// built.
var release = "dev"

func version() string { return release }

func versionCommand(t *terminal) *cli.Command {
	return checked(&cli.Command{
		Name:  "version",
		Usage: "print the version and how the binary was built",
		Action: func(*cli.Context) error {
			fmt.Fprintln(t.out, "alignctl", version())
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					fmt.Fprintf(t.out, "%s=%s\n", s.Key, s.Value)
				}
			}
			return nil
		},
	}, noArguments)
}
