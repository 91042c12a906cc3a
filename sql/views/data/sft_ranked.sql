-- view: data.sft_ranked
-- doc: One supervised example: a prompt with a cue, answered by the list of people's associates, most frequent first.
--   A train cue has several copies, each with a share of its list in the list's order, and the prompt says how long the
--   answer is, roughly. A dev or test cue has one, with the whole list; its hint is drawn from the lengths of the train
--   cues' answers, so that it says nothing about its own. The list is ordered by n123 (n1 where that is NULL), ties by
--   the bytes of the response. It leaves out the cue itself and responses with a comma, which could not be read back
--   from it.
-- key: example_id
-- licence: no-redistribution
-- param: language string both both|core.strength.language "language of the cues; both: English and Mandarin"
-- param: population string all core.strength.population "people whose responses count"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: copies int 100 1..10000 "copies of each train cue, at most, before equal ones are dropped"
-- param: records int 1000000 1.. "no more copies than this divided by the recipe's cues of the language, at least one"
-- param: share double 0.7 0..1 "share of the list that a copy keeps, rounded up, at least one response"
-- param: top int 0 0.. "only the first responses of each list; 0 keeps all"
-- param: hint string drawn drawn|own "length in a dev or test cue's hint: drawn, or its own list's, which tells the model
--   what is measured (as the ALIGN study did)"
-- param: seed int 42 "another seed draws other copies and hints"
-- param: template style hinted cue|least|most "style of the prompt"
-- column: example_id "language:cue:copy"
-- column: language "language of the cue"
-- column: cue "the cue"
-- column: split "train, dev or test"
-- column: copy "1, 2, ... for a train cue; 0 for the whole list of a dev or test cue"
-- column: messages "the prompt: a system message where the template has one, and the user's"
-- column: completion "the answer to learn: responses joined by the template's separator"
-- column: template "id of the prompt template"
-- column: population "people whose responses count"
-- column: n_items unit=count "responses in the completion"
WITH ranked AS (
    SELECT language, cue, list(response ORDER BY coalesce(n123, n1) DESC NULLS LAST, response NULLS LAST)
        [1:CASE getvariable('top') WHEN 0 THEN count(*) ELSE getvariable('top') END] AS responses
    FROM core.strength
    WHERE population = getvariable('population')
      AND (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
    GROUP BY language, cue
),
cues AS (
    SELECT ranked.language, ranked.cue, split.split, responses,
        CASE split.split
            -- A hair less, lest a product such as 3.0000000000000004 be rounded up.
            WHEN 'train' THEN greatest(1, ceil(getvariable('share') * len(responses) - 1e-9))::BIGINT
            ELSE len(responses)
        END AS n_items
    FROM ranked
    JOIN core.split AS split USING (language, cue)
    WHERE split.recipe = getvariable('recipe')
),
sizes AS (
    SELECT language, least(getvariable('copies'), greatest(1, getvariable('records') // count(*))) AS copies
    FROM core.split
    WHERE recipe = getvariable('recipe')
    GROUP BY language
),
copies AS (
    SELECT cues.*, copy, concat_ws('|', getvariable('seed'), language, cue, copy, '') AS key
    FROM cues
    JOIN sizes USING (language)
    CROSS JOIN LATERAL unnest(CASE split WHEN 'train' THEN range(1, copies + 1) ELSE [0] END) AS numbers(copy)
),
-- A copy keeps the responses with the smallest draws: the md5 of seed, language, cue, copy and response, its last
-- eight bytes as a little-endian number. The same draw comes out on every machine and in any order of rows.
draws AS (
    SELECT *, list_transform(responses, lambda response: md5_number_lower(key || response)) AS draws
    FROM copies
),
limits AS (
    SELECT language, cue, copy, draws, list_sort(draws)[n_items] AS highest FROM draws
),
-- Equal lists of a cue are those that keep the same places.
lists AS (
    SELECT language, cue, kept, min(copy)::INTEGER AS copy
    FROM (SELECT language, cue, copy, list_transform(draws, lambda draw: draw <= highest) AS kept FROM limits)
    GROUP BY language, cue, kept
),
-- The length that a cue's hint is about. Those of the train cues are numbered, for a draw to choose one.
train AS (
    SELECT language, n_items, row_number() OVER (PARTITION BY language ORDER BY cue NULLS LAST) - 1 AS number,
        count(*) OVER (PARTITION BY language) AS n
    FROM cues
    WHERE split = 'train'
),
hinted AS (
    SELECT cues.*, CASE WHEN split = 'train' OR getvariable('hint') = 'own' THEN cues.n_items ELSE train.n_items END AS n
    FROM cues
    LEFT JOIN (SELECT DISTINCT language, n FROM train) AS trained USING (language)
    LEFT JOIN train ON train.language = cues.language
        AND train.number = md5_number_lower(concat_ws('|', getvariable('seed'), cues.language, cue)) % trained.n
),
-- Both ends of a hint are a tenth off the length, and moved by three hundredths up or down.
answers AS (
    SELECT lists.copy, hinted.*, n // 10 AS off,
        (3 * n // 100) * CASE md5_number_lower(concat_ws('|', getvariable('seed'), language, cue, copy)) % 2
            WHEN 0 THEN -1 ELSE 1 END AS moved,
        -- array_to_string wants a constant; no response holds a comma.
        array_to_string(list_where(responses, kept), ',') AS answer
    FROM lists
    JOIN hinted USING (language, cue)
)
SELECT
    format('{}:{}:{:03d}', answers.language, cue, copy) AS example_id,
    answers.language,
    cue,
    split,
    copy,
    render(messages, cue := cue, least := greatest(1, n - off + moved), most := greatest(1, n + off + moved)) AS messages,
    replace(answer, ',', separator) AS completion,
    templates.id AS template,
    getvariable('population') AS population,
    n_items::INTEGER AS n_items
FROM answers
JOIN templates ON templates.language = answers.language AND templates.style = getvariable('template')

-- audit: every-language-has-a-template "the style has a template in each language of the cues"
SELECT DISTINCT language, getvariable('template') AS style
FROM core.strength
WHERE population = getvariable('population')
  AND (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
  AND NOT EXISTS (FROM templates WHERE templates.language = strength.language AND style = getvariable('template'))
ORDER BY language

-- audit: every-split-has-examples "each part of the recipe has examples in each language"
SELECT DISTINCT language, split
FROM core.split AS expected
WHERE recipe = getvariable('recipe')
  AND language IN (SELECT language FROM data.sft_ranked)
  AND NOT EXISTS (FROM data.sft_ranked AS built WHERE built.language = expected.language AND built.split = expected.split)
ORDER BY language, split

-- audit: no-empty-completion "every example has something to learn"
SELECT example_id, n_items
FROM data.sft_ranked
WHERE trim(completion) = '' OR n_items < 1

-- audit: lists-keep-order "a completion is the ranked list with responses left out, none moved or added"
WITH ranked AS (
    SELECT language, cue, list(response ORDER BY coalesce(n123, n1) DESC NULLS LAST, response NULLS LAST) AS responses
    FROM core.strength
    WHERE population = getvariable('population')
    GROUP BY language, cue
),
built AS (
    SELECT example_id, responses, string_split(completion, separator) AS items
    FROM data.sft_ranked AS example
    JOIN templates ON templates.id = example.template
    JOIN ranked ON ranked.language = example.language AND ranked.cue = example.cue
)
SELECT example_id, items
FROM built
WHERE list_filter(responses, lambda response: list_contains(items, response)) <> items
