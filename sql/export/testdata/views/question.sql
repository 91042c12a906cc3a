-- view: data.question
-- doc: Ten associates to rank.
-- key: example_id
-- licence: open
-- column: example_id "number"
-- column: label "the associates, ranked"
SELECT 'en:' || i AS example_id, 'en' AS language, 'cue' || i AS cue, 'train' AS split,
    [{'role': 'user', 'content': 'Rank: hot, cup, leaf'}] AS messages,
    [{'response': 'cup', 'n': 3::BIGINT, 'rank': 1::DOUBLE}, {'response': 'hot', 'n': 1::BIGINT, 'rank': 2.5::DOUBLE},
        {'response': 'leaf', 'n': 1::BIGINT, 'rank': 2.5::DOUBLE}] AS label
FROM range(8) AS numbers(i)
