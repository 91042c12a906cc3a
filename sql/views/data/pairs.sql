-- view: data.pairs
-- doc: One preference between two lists of words for a cue: what people said most often, in their order, against a list
--   that is worse by their own counts. People's list is ordered by how often a response was given, ties by the bytes of
--   the response; it leaves out the cue itself and responses with a comma. The two lists have the same number of words,
--   and the sequences of their counts differ: nothing is preferred for a tie. A cue with one associate gives no pair.
--   The contrasts: shuffled, the chosen words in another order; weak, the rarest words of the cue, all rarer than the
--   chosen ones, the rarest last; other, the first words that other people said to the same cue.
-- key: example_id
-- licence: no-redistribution
-- param: language string both both|core.strength.language "language of the cues; both: English and Mandarin"
-- param: population string all core.strength.population "people whose order is chosen"
-- param: against string none none|core.strength.population "people whose list is the contrast other; none: no such pairs"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: contrast string all shuffled|weak|other|all "what the rejected list is; all: a row for each"
-- param: items int 10 1..1000 "words of a list; fewer where people, or both of them, didn't say so many"
-- param: seed int 42 "another seed draws other shuffles, and other weak words where many are equally rare"
-- param: template style ranked "style of the prompt"
-- column: example_id "language:cue:contrast"
-- column: language "language of the cue"
-- column: cue "the cue"
-- column: split "train, dev or test"
-- column: contrast "shuffled, weak or other"
-- column: messages "the prompt: a system message where the template has one, and the user's"
-- column: chosen "the better answer: responses joined by the template's separator"
-- column: rejected "the worse answer, likewise"
-- column: chosen_n unit=count "how often people gave each response of chosen: in any slot, or first where the source has no others"
-- column: rejected_n unit=count "how often the same people gave each response of rejected; NULL in the list for one that they never gave"
-- column: template "id of the prompt template"
-- column: population "people whose order is chosen"
WITH lists AS (
    SELECT language, cue, population,
        list({'response': response, 'n': coalesce(n123, n1)} ORDER BY coalesce(n123, n1) DESC NULLS LAST, response NULLS LAST)
            AS items
    FROM core.strength
    WHERE population IN (getvariable('population'), getvariable('against'))
      AND (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
    GROUP BY language, cue, population
    HAVING count(*) > 1
),
cues AS (
    SELECT people.language, people.cue, split.split, people.items AS given,
        people.items[1:getvariable('items')] AS top
    FROM lists AS people
    JOIN core.split AS split USING (language, cue)
    WHERE people.population = getvariable('population') AND split.recipe = getvariable('recipe')
),
-- Draws are the md5 of seed, language, cue, number of the shuffle and response, the last eight bytes as a little-endian
-- number. The first shuffle that does more than swap ties is taken.
shuffled AS (
    SELECT language, cue, split, given, top AS better,
        list_filter(shuffles, lambda shuffle:
            list_transform(shuffle, lambda item: item.n) <> list_transform(top, lambda item: item.n))[1] AS worse
    FROM (
        SELECT *, list_transform(range(1, 17), lambda shuffle:
            list_transform(list_sort(list_transform(top, lambda item: {
                'draw': md5_number_lower(concat_ws('|', getvariable('seed'), language, cue, shuffle, item.response)),
                'item': item
            })), lambda drawn: drawn.item)) AS shuffles
        FROM cues
    )
    WHERE worse IS NOT NULL
),
-- As many words as leave the last ones rarer than the first ones. Equally rare ones stand in drawn order: most of
-- people's words were given once, and the bytes would reject the end of the alphabet.
weak AS (
    SELECT language, cue, split, given, given[1:size] AS better,
        list_transform(list_sort(list_transform(given, lambda item: {
            'before': -item.n,
            'draw': md5_number_lower(concat_ws('|', getvariable('seed'), language, cue, 0, item.response)),
            'item': item
        }))[len(given) - size + 1:], lambda drawn: drawn.item) AS worse
    FROM (
        SELECT *, list_max(list_filter(range(1, least(getvariable('items'), len(given) // 2) + 1),
            lambda size: given[size].n > given[len(given) - size + 1].n)) AS size
        FROM cues
    )
    WHERE size IS NOT NULL
),
other AS (
    SELECT language, cue, split, given, given[1:size] AS better, others[1:size] AS worse
    FROM (
        SELECT cues.*, others.items AS others, least(getvariable('items'), len(given), len(others.items)) AS size
        FROM cues
        JOIN lists AS others USING (language, cue)
        WHERE others.population = getvariable('against')
    )
),
pairs AS (
    SELECT *, 'shuffled' AS contrast FROM shuffled
    UNION ALL
    SELECT *, 'weak' AS contrast FROM weak
    UNION ALL
    SELECT *, 'other' AS contrast FROM other
),
counted AS (
    SELECT language, cue, split, contrast,
        list_transform(better, lambda item: item.response) AS chosen,
        list_transform(worse, lambda item: item.response) AS rejected,
        list_transform(better, lambda item: item.n) AS chosen_n,
        list_transform(worse, lambda item: list_filter(given, lambda own: own.response = item.response)[1].n) AS rejected_n
    FROM pairs
    WHERE getvariable('contrast') IN ('all', contrast)
)
SELECT
    format('{}:{}:{}', language, cue, contrast) AS example_id,
    language,
    cue,
    split,
    contrast,
    render(templates.messages, cue := cue) AS messages,
    -- array_to_string wants a constant; no response holds a comma.
    replace(array_to_string(chosen, ','), ',', templates.separator) AS chosen,
    replace(array_to_string(rejected, ','), ',', templates.separator) AS rejected,
    chosen_n,
    rejected_n,
    templates.id AS template,
    getvariable('population') AS population
FROM counted
JOIN templates USING (language)
WHERE templates.style = getvariable('template') AND rejected_n IS DISTINCT FROM chosen_n

-- audit: chosen-is-what-people-said-most "chosen has the highest counts of the cue, falling"
WITH people AS (
    SELECT language, cue, list(coalesce(n123, n1) ORDER BY coalesce(n123, n1) DESC NULLS LAST) AS counts
    FROM core.strength
    WHERE population = getvariable('population')
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
    GROUP BY language, cue
)
SELECT example_id, chosen, chosen_n
FROM data.pairs
JOIN people USING (language, cue)
WHERE chosen_n <> counts[1:len(chosen_n)]
ORDER BY example_id

-- audit: counts-are-peoples "each word has the count that people gave it, or none; a list reads back from its text"
WITH word AS (
    SELECT pair.example_id, pair.language, pair.cue, side.name AS side,
        unnest(string_split(side.text, templates.separator)) AS word, unnest(side.counts) AS n
    FROM data.pairs AS pair
    JOIN templates ON templates.id = pair.template
    CROSS JOIN LATERAL (VALUES ('chosen', chosen, chosen_n), ('rejected', rejected, rejected_n))
        AS side(name, text, counts)
)
SELECT example_id, side, word.word, word.n
FROM word
LEFT JOIN core.strength AS given ON given.population = getvariable('population')
    AND given.language = word.language AND given.cue = word.cue AND given.response = word.word
WHERE coalesce(given.n123, given.n1) IS DISTINCT FROM word.n
   OR word.word IS NULL OR word.word = word.cue OR (side = 'chosen' AND word.n IS NULL)
ORDER BY example_id, side, word.word

-- audit: nothing-preferred-for-a-tie "rejected is not chosen, nor chosen with words swapped that are equally frequent"
SELECT example_id, chosen, rejected, chosen_n
FROM data.pairs
WHERE chosen = rejected OR chosen_n IS NOT DISTINCT FROM rejected_n
ORDER BY example_id

-- audit: lists-are-equally-long "a list is not preferred for its length"
SELECT example_id, len(chosen_n) AS chosen, len(rejected_n) AS rejected
FROM data.pairs
WHERE len(chosen_n) <> len(rejected_n) OR len(chosen_n) = 0 OR len(chosen_n) > getvariable('items')
ORDER BY example_id

-- audit: shuffles-keep-the-words "a shuffle has the chosen words and no others"
SELECT example_id, chosen, rejected
FROM data.pairs AS pair
JOIN templates ON templates.id = pair.template
WHERE contrast = 'shuffled'
  AND list_sort(string_split(chosen, separator)) <> list_sort(string_split(rejected, separator))
ORDER BY example_id

-- audit: weak-words-are-rarer "every weak word is rarer than every chosen one"
SELECT example_id, chosen_n, rejected_n
FROM data.pairs
WHERE contrast = 'weak' AND (list_max(rejected_n) < list_min(chosen_n)) IS NOT TRUE
ORDER BY example_id

-- audit: other-words-are-the-others "the other people gave each word of their list to the cue"
WITH word AS (
    SELECT example_id, pair.language, cue, unnest(string_split(rejected, separator)) AS response
    FROM data.pairs AS pair
    JOIN templates ON templates.id = pair.template
    WHERE contrast = 'other'
)
SELECT example_id, response
FROM word
ANTI JOIN (FROM core.strength WHERE population = getvariable('against')) AS given USING (language, cue, response)
ORDER BY example_id, response

-- audit: every-split-has-pairs "a language with pairs has them in each split of the recipe"
SELECT expected.language, expected.split
FROM (SELECT DISTINCT language, split FROM core.split WHERE recipe = getvariable('recipe')) AS expected
SEMI JOIN data.pairs AS some_split ON some_split.language = expected.language
ANTI JOIN data.pairs AS built ON built.language = expected.language AND built.split = expected.split
ORDER BY expected.language, expected.split
