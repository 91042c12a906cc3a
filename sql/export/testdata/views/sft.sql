-- view: data.sft
-- doc: A supervised example with text that is hard on a writer.
-- key: example_id
-- licence: open
-- param: rows int 60 1.. "rows"
-- column: example_id "language:number"
-- column: share unit=1 null "a number that may be none"
SELECT format('{}:{:07d}', language, i) AS example_id, language, cue, split,
    [{'role': 'system', 'content': 'Answer in one line.'}, {'role': 'user', 'content': 'Cue: ' || cue}] AS messages,
    concat_ws(', ', 'water' || i, '杯子', '"quoted"', 'back\slash', '😀') AS completion,
    CASE i % 3 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN i / 7 END AS share,
    CASE i % 4 WHEN 0 THEN [i / 3, 'infinity'::DOUBLE, NULL] WHEN 1 THEN [] END AS shares
FROM (
    SELECT i, CASE i % 2 WHEN 0 THEN 'en' ELSE 'zh' END AS language, 'tea' || i || chr((i % 31 + 1)::INTEGER) AS cue,
        CASE WHEN i % 10 < 7 THEN 'train' WHEN i % 10 < 9 THEN 'dev' ELSE 'test' END AS split
    FROM range(getvariable('rows')) AS numbers(i)
) AS drawn
