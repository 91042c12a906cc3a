-- view: data.pair
-- doc: A list that people gave and one that they didn't.
-- key: example_id
-- licence: open
-- column: example_id "number"
SELECT 'en:' || i AS example_id, 'en' AS language, 'cue' || i AS cue, CASE WHEN i < 20 THEN 'train' ELSE 'test' END AS split,
    [{'role': 'user', 'content': 'Cue: cue' || i}] AS messages, 'hot, cup, ' || i AS chosen, i || ', cup, hot' AS rejected
FROM range(24) AS numbers(i)
