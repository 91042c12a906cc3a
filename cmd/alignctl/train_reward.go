package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/train/reward"
)

// rewardFlags are the flags of a reward, for every command that uses one; see
// completeReward.
func rewardFlags(o *reward.Options) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "reward", Value: o.Parts, Destination: &o.Parts, Usage: "what an answer is worth: `PARTS` with their weights, " +
			"such as ranking=1,format=0.2; there are " + strings.Join(reward.Names(), ", ") +
			" and sql (default: ranking, or sql where --reward-sql is given)"},
		&cli.StringFlag{Name: "reward-sql", Value: o.SQL, Destination: &o.SQL, Usage: "the part sql: an `EXPR` over completion, prompt, cue, " +
			"language, label, words and ranked, a query of the table samples, or a file that ends in .sql"},
	}
}

// completeReward turns what the flags say into options that hold all of the
// reward, and checks them as far as that goes without a lake.
func completeReward(o *reward.Options) error {
	if o.Parts == "" && o.SQL == "" {
		o.Parts = "ranking"
	}
	if strings.HasSuffix(o.SQL, ".sql") {
		text, err := os.ReadFile(o.SQL)
		if err != nil {
			return fmt.Errorf("read --reward-sql: %w", err)
		}
		o.SQL = string(text)
	}
	if _, err := o.Weights(); err != nil {
		return usagef("%v", err)
	}
	return nil
}
