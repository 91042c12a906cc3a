-- report: test-responses-seen "what people answered to the test cues, and how much of it are training cues"
-- needs: language, cue, split
-- reads: core.strength
WITH train AS (
    SELECT DISTINCT language, fold(cue) AS word FROM built WHERE split = 'train'
),
answer AS (
    SELECT strength.language, strength.response, fold(strength.response) AS word,
        sum(coalesce(strength.n123, strength.n1))::BIGINT AS given
    FROM core.strength AS strength
    SEMI JOIN (FROM built WHERE split = 'test') AS test
        ON test.language = strength.language AND test.cue = strength.cue
    -- Of a data set without the parameter: everybody.
    WHERE strength.population = coalesce(getvariable('population'), 'all')
    GROUP BY strength.language, strength.response
)
SELECT answer.language, count(*) AS responses, count(train.word) AS seen,
    sum(given)::BIGINT AS given, coalesce(sum(given) FILTER (train.word IS NOT NULL), 0)::BIGINT AS given_seen,
    round(coalesce(sum(given) FILTER (train.word IS NOT NULL), 0) / sum(given), 4) AS share_seen
FROM answer LEFT JOIN train USING (language, word)
GROUP BY answer.language
ORDER BY answer.language
