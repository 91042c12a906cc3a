-- view: data.sft_ranked
-- doc: One supervised example: a prompt with a cue, answered by the list of people's associates, most frequent first.
--   A train cue has several copies, each with a share of its list in the list's order; a dev or test cue has one, with
--   the whole list. The list is ordered by n123, ties by the bytes of the response. It leaves out the cue itself and
--   responses with a comma, which could not be read back from it.
-- key: example_id
-- licence: no-redistribution
-- param: language string both both|core.strength.language "language of the cues"
-- param: population string all core.strength.population "people whose responses count"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: copies int 4 1..10000 "copies of each train cue, before equal ones are dropped"
-- param: share double 0.7 0..1 "share of the list that a copy keeps, rounded up, at least one response"
-- param: top int 0 0.. "only the first responses of each list; 0 keeps all"
-- param: seed int 42 "another seed draws other copies"
-- param: template style ranked "style of the prompt"
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
    SELECT language, cue, list(response ORDER BY n123 DESC NULLS LAST, response NULLS LAST) AS responses
    FROM core.strength
    WHERE population = getvariable('population')
      AND getvariable('language') IN ('both', language)
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
    GROUP BY language, cue
),
cues AS (
    SELECT ranked.language, ranked.cue, split.split,
        CASE WHEN getvariable('top') = 0 THEN responses ELSE responses[1:getvariable('top')] END AS responses
    FROM ranked
    JOIN core.split AS split USING (language, cue)
    WHERE split.recipe = getvariable('recipe')
),
copies AS (
    SELECT *, unnest(CASE split WHEN 'train' THEN range(1, getvariable('copies') + 1) ELSE [0] END) AS copy
    FROM cues
),
-- A copy keeps the responses with the smallest draws: the md5 of seed, language, cue, copy and response, its last
-- eight bytes as a little-endian number. The same draw comes out on every machine and in any order of rows.
draws AS (
    SELECT *,
        list_transform(responses, lambda response: md5_number_lower(
            concat_ws('|', getvariable('seed'), language, cue, copy, response))) AS draws,
        -- A hair less, lest a product such as 3.0000000000000004 be rounded up.
        greatest(1, ceil(getvariable('share') * len(responses) - 1e-9))::BIGINT AS keep
    FROM copies
),
limits AS (
    SELECT *, CASE split WHEN 'train' THEN list_sort(draws)[keep] ELSE list_max(draws) END AS highest
    FROM draws
),
lists AS (
    SELECT language, cue, split, copy,
        list_where(responses, list_transform(draws, lambda draw: draw <= highest)) AS responses
    FROM limits
),
answers AS (
    SELECT lists.language, lists.cue, lists.split, templates.id AS template,
        render(templates.messages, cue := lists.cue) AS messages,
        -- array_to_string wants a constant; no response holds a comma.
        replace(array_to_string(lists.responses, ','), ',', templates.separator) AS completion,
        len(lists.responses)::INTEGER AS n_items,
        min(lists.copy)::INTEGER AS copy
    FROM lists
    JOIN templates ON templates.language = lists.language AND templates.style = getvariable('template')
    GROUP BY ALL
)
SELECT
    format('{}:{}:{:03d}', language, cue, copy) AS example_id,
    language,
    cue,
    split,
    copy,
    messages,
    completion,
    template,
    getvariable('population') AS population,
    n_items
FROM answers

-- audit: no-empty-completion "every example has something to learn"
SELECT example_id, n_items
FROM data.sft_ranked
WHERE trim(completion) = '' OR n_items < 1

-- audit: lists-keep-order "a completion is the ranked list with responses left out, none moved or added"
WITH ranked AS (
    SELECT language, cue, list(response ORDER BY n123 DESC NULLS LAST, response NULLS LAST) AS responses
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

-- audit: every-split-has-examples "a language with responses has train, dev and test examples"
SELECT expected.language, expected.split
FROM (
    SELECT DISTINCT language, split
    FROM core.strength CROSS JOIN (VALUES ('train'), ('dev'), ('test')) AS splits(split)
    WHERE population = getvariable('population') AND getvariable('language') IN ('both', language)
) AS expected
ANTI JOIN data.sft_ranked AS built ON built.language = expected.language AND built.split = expected.split
ORDER BY expected.language, expected.split
