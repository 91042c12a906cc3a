package reward

import "alignctl/internal/ranking"

// scored makes a part of a way to score a final ranking.
func scored(score func([]Associate, string) (float64, string)) func(Sample) value {
	return func(s Sample) value {
		v, failure := score(s.Label, s.Completion)
		if failure != "" {
			return failed(failure)
		}
		return value{value: v}
	}
}

// The rewards of a final ranking: as it should be, and as the study's code has it.
var (
	rankingReward    = scored(ranking.Score)
	rankingPublished = scored(ranking.ScorePublished)
)
