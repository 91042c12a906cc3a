-- view: data.rank_questions
-- doc: One question for reinforcement learning: associates of a cue, to be put in the order of how many people gave them.
--   Each question draws its associates without replacement from the cue's, which leave out the cue itself and
--   responses with a comma. A cue with too few gives no question. Of its questions with the same associates the
--   first stays, and one whose associates were all given equally often has no order to learn and goes.
--   The cues that the recipe holds back from supervised training are divided anew into train and dev; its test
--   cues give the questions of test.
-- key: example_id
-- licence: no-redistribution
-- waive: no-group-crosses split=question
-- param: language string both both|core.strength.language "language of the cues; both: English and Mandarin"
-- param: population string all core.strength.population "people whose responses count"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: cues string dev dev|train|both "splits of the recipe whose cues are divided into train and dev"
-- param: held int 10 0..50 "percent of them for dev, to the nearest whole number"
-- param: split string cue cue|question "what is divided: spellings of a cue stay together, or, as the study did it, each question goes by itself"
-- param: questions int 6 1..1000 "questions a cue, before equal ones are dropped"
-- param: items int 10 2..100 "associates a question"
-- param: seed int 42 "another seed draws other associates and another division"
-- param: template style ranking cue|associates "style of the prompt"
-- column: example_id "language:cue:question"
-- column: language "language of the cue"
-- column: cue "the cue"
-- column: split "train, dev or test; what is divided stands in the order of md5(seed|cue_group), or of md5(seed|cue|question), and the last ones are dev"
-- column: question "1, 2, ... of the cue"
-- column: messages "the prompt, which shows the associates in the order of shown"
-- column: shown "the associates in the order in which they were drawn, a shuffle: those with the smallest draws, the smallest first; a draw is the last eight bytes of md5(seed|language|cue|question|response), as a little-endian number"
-- column: label "the associates in people's order: n falls, equal ones by the bytes of the response; n is how many times it was given (in any slot, or first where the source has no others), rank its place, of equal ones the mean of their places"
-- column: template "id of the prompt template"
-- column: population "people whose responses count"
WITH cues AS (
    SELECT language, cue, cue_group, split = 'test' AS tests
    FROM core.split
    WHERE recipe = getvariable('recipe')
      AND (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
      AND (split = 'test' OR getvariable('cues') IN ('both', split))
),
associates AS (
    SELECT language, cue, response, coalesce(n123, n1) AS n
    FROM core.strength
    SEMI JOIN cues USING (language, cue)
    WHERE population = getvariable('population')
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
),
-- The same draw comes out on every machine and in any order of rows.
drawn AS (
    SELECT language, cue, question, min({
        'draw': md5_number_lower(concat_ws('|', getvariable('seed'), language, cue, question, response)),
        'response': response,
        'n': n
    }, getvariable('items')) AS items
    FROM associates
    CROSS JOIN (SELECT unnest(range(1, getvariable('questions') + 1)) AS question)
    GROUP BY language, cue, question
),
ordered AS (
    SELECT language, cue, question, list_transform(items, lambda item: item.response) AS shown,
        list_transform(list_sort(list_transform(items, lambda item: {'before': -item.n, 'response': item.response})),
            lambda item: {'response': item.response, 'n': -item.before}) AS items
    FROM drawn
    WHERE len(items) = getvariable('items')
),
-- Equal sets have one order.
different AS (
    SELECT language, cue, items, first.question, first.shown
    FROM (
        SELECT language, cue, items, min({'question': question, 'shown': shown}) AS first
        FROM ordered
        WHERE items[1].n > items[-1].n
        GROUP BY language, cue, items
    )
),
divided AS (
    SELECT different.*, tests,
        CASE getvariable('split') WHEN 'cue' THEN cue_group ELSE concat_ws('|', cue, question) END AS unit
    FROM different
    JOIN cues USING (language, cue)
),
places AS (
    SELECT language, unit, count(*) OVER (PARTITION BY language) AS units,
        row_number() OVER (PARTITION BY language
            ORDER BY md5(concat_ws('|', getvariable('seed'), unit)) NULLS LAST, unit NULLS LAST) AS place
    FROM (SELECT DISTINCT language, unit FROM divided WHERE NOT tests)
)
SELECT
    format('{}:{}:{}', language, cue, question) AS example_id,
    language,
    cue,
    CASE
        WHEN tests THEN 'test'
        -- The last places are those of dev; a half is train's.
        WHEN place > units - (units * getvariable('held') + 49) // 100 THEN 'dev'
        ELSE 'train'
    END AS split,
    question,
    -- array_to_string wants a constant; no response holds a comma.
    render(templates.messages, cue := cue, associates := replace(array_to_string(shown, ','), ',', templates.separator))
        AS messages,
    shown,
    list_transform(items, lambda item: {
        'response': item.response,
        'n': item.n,
        'rank': len(list_filter(items, lambda other: other.n > item.n))
            + (len(list_filter(items, lambda other: other.n = item.n)) + 1) / 2
    }) AS label,
    templates.id AS template,
    getvariable('population') AS population
FROM divided
LEFT JOIN places USING (language, unit)
JOIN templates USING (language)
WHERE templates.style = getvariable('template')

-- audit: label-is-the-order-of-counts "n falls, ranks are places, equal counts share the mean of theirs"
WITH item AS (
    SELECT example_id, unnest(label, recursive := true), unnest(range(1, len(label) + 1)) AS place
    FROM data.rank_questions
),
expected AS (
    SELECT *, rank() OVER (PARTITION BY example_id ORDER BY n DESC NULLS LAST) AS first,
        count(*) OVER (PARTITION BY example_id, n) AS equal
    FROM item
)
SELECT example_id, response, n, rank, place, first, equal
FROM expected
WHERE rank IS DISTINCT FROM first + (equal - 1) / 2 OR place < first OR place > first + equal - 1
ORDER BY example_id, place

-- audit: ranks-add-up "the ranks of a question have the sum of its places"
SELECT example_id, list_sum(list_transform(label, lambda item: item.rank)) AS ranks
FROM data.rank_questions
WHERE ranks IS DISTINCT FROM getvariable('items') * (getvariable('items') + 1) / 2
ORDER BY example_id

-- audit: no-all-tied-question "some associate was given more often than another"
SELECT example_id
FROM data.rank_questions
WHERE (label[1].n > label[-1].n) IS NOT TRUE
ORDER BY example_id

-- audit: counts-are-peoples "each associate was given to the cue, as often as the label says"
WITH item AS (
    SELECT example_id, language, cue, unnest(label, recursive := true)
    FROM data.rank_questions
)
SELECT example_id, item.response, item.n
FROM item
LEFT JOIN core.strength AS given ON given.population = getvariable('population')
    AND given.language = item.language AND given.cue = item.cue AND given.response = item.response
WHERE coalesce(given.n123, given.n1) IS DISTINCT FROM item.n OR item.response = item.cue
ORDER BY example_id, item.response

-- audit: prompt-shows-the-associates "the prompt shows each associate of the label once"
SELECT example_id, shown, built.messages[-1].content AS prompt
FROM data.rank_questions AS built
JOIN templates ON templates.id = built.template
WHERE list_sort(shown) <> list_sort(list_transform(label, lambda item: item.response))
   OR len(list_distinct(shown)) <> getvariable('items')
   OR NOT contains(built.messages[-1].content, replace(array_to_string(shown, ','), ',', separator))
ORDER BY example_id

-- audit: questions-differ "no two questions of a cue have the same associates"
SELECT language, cue, list_sort(shown) AS associates, list(question ORDER BY question) AS questions
FROM data.rank_questions
GROUP BY language, cue, associates
HAVING count(*) > 1
ORDER BY language, cue, associates

-- audit: every-split-has-questions "a language with questions has them in train, in dev unless held is 0, and in test where the recipe has test cues"
SELECT expected.language, expected.split
FROM (
    SELECT DISTINCT built.language, splits.split
    FROM data.rank_questions AS built
    CROSS JOIN (VALUES ('train'), ('dev'), ('test')) AS splits(split)
    WHERE CASE splits.split
        WHEN 'dev' THEN getvariable('held') > 0
        WHEN 'test' THEN EXISTS (FROM core.split AS recipe WHERE recipe.recipe = getvariable('recipe')
            AND recipe.language = built.language AND recipe.split = 'test')
        ELSE true
    END
) AS expected
ANTI JOIN data.rank_questions AS built ON built.language = expected.language AND built.split = expected.split
ORDER BY expected.language, expected.split
