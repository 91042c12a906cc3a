-- view: data.pairs_word
-- doc: One preference between two words for a cue: a strong associate against a weak one. Strong are the first ones of
--   the cue by how often they were given, ties by the bytes of the response; weak is what was given rarely beside the
--   strong one. The cue itself and responses with a comma are left out.
-- key: example_id
-- licence: no-redistribution
-- param: language string both both|core.strength.language "language of the cues; both: English and Mandarin"
-- param: population string all core.strength.population "people whose responses count"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: pairs int 4 1..1000 "pairs a cue, fewer where it has no more"
-- param: strong int 5 1..1000 "the first associates of a cue count as strong"
-- param: ratio int 4 2..1000 "the strong one was given at least so many times as often as the weak one"
-- param: seed int 42 "another seed draws other pairs"
-- param: template style word "style of the prompt"
-- column: example_id "language:cue:pair"
-- column: language "language of the cue"
-- column: cue "the cue"
-- column: split "train, dev or test"
-- column: pair "1, 2, ... of the cue"
-- column: messages "the prompt: a system message where the template has one, and the user's"
-- column: chosen "the strong associate"
-- column: rejected "the weak associate"
-- column: chosen_n unit=count "times people gave chosen: in any slot, or first where the source has no others"
-- column: rejected_n unit=count "times they gave rejected"
-- column: chosen_strength unit=1 "share of the cue's responses that are chosen"
-- column: rejected_strength unit=1 "share that are rejected"
-- column: template "id of the prompt template"
-- column: population "people whose responses count"
WITH associates AS (
    SELECT language, cue, response, coalesce(n123, n1) AS n, coalesce(strength123, strength1) AS strength,
        row_number() OVER (PARTITION BY language, cue
            ORDER BY coalesce(n123, n1) DESC NULLS LAST, response NULLS LAST) AS place
    FROM core.strength
    WHERE population = getvariable('population')
      AND (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
      AND response <> cue
      AND NOT contains(response, ',')
      AND NOT contains(response, '，')
),
-- Of all pairs of a cue those with the smallest draws: the md5 of seed, language, cue and the two responses, its last
-- eight bytes as a little-endian number.
drawn AS (
    SELECT language, cue, min({
        'draw': md5_number_lower(concat_ws('|', getvariable('seed'), language, cue, strong.response, weak.response)),
        'strong': strong,
        'weak': weak
    }, getvariable('pairs')) AS pairs
    FROM associates AS strong
    JOIN associates AS weak USING (language, cue)
    WHERE strong.place <= getvariable('strong') AND weak.n * getvariable('ratio') <= strong.n
    GROUP BY language, cue
),
numbered AS (
    SELECT language, cue, unnest(pairs) AS drawn, unnest(range(1, len(pairs) + 1)) AS pair
    FROM drawn
)
SELECT
    format('{}:{}:{}', language, cue, pair) AS example_id,
    language,
    cue,
    split.split,
    pair,
    render(templates.messages, cue := cue) AS messages,
    drawn.strong.response AS chosen,
    drawn.weak.response AS rejected,
    drawn.strong.n AS chosen_n,
    drawn.weak.n AS rejected_n,
    drawn.strong.strength AS chosen_strength,
    drawn.weak.strength AS rejected_strength,
    templates.id AS template,
    getvariable('population') AS population
FROM numbered
JOIN core.split AS split USING (language, cue)
JOIN templates USING (language)
WHERE split.recipe = getvariable('recipe') AND templates.style = getvariable('template')

-- audit: chosen-is-strong "fewer than the strong ones were given more often than chosen"
SELECT example_id, chosen, chosen_n
FROM data.pairs_word AS pair
WHERE getvariable('strong') <= (
    SELECT count(*)
    FROM core.strength AS given
    WHERE given.population = getvariable('population')
      AND given.language = pair.language AND given.cue = pair.cue AND given.response <> pair.cue
      AND NOT contains(given.response, ',') AND NOT contains(given.response, '，')
      AND coalesce(given.n123, given.n1) > pair.chosen_n
)
ORDER BY example_id

-- audit: rejected-is-weak "chosen was given at least ratio times as often, by counts and by strengths"
SELECT example_id, chosen, rejected, chosen_n, rejected_n
FROM data.pairs_word
WHERE (chosen_n >= getvariable('ratio') * rejected_n AND chosen_n > rejected_n AND chosen_strength > rejected_strength) IS NOT TRUE
ORDER BY example_id

-- audit: counts-are-peoples "each word was given to the cue, as often as the pair says"
WITH word AS (
    SELECT example_id, language, cue, chosen AS response, chosen_n AS n FROM data.pairs_word
    UNION ALL
    SELECT example_id, language, cue, rejected, rejected_n FROM data.pairs_word
)
SELECT example_id, word.response, word.n
FROM word
LEFT JOIN core.strength AS given ON given.population = getvariable('population')
    AND given.language = word.language AND given.cue = word.cue AND given.response = word.response
WHERE coalesce(given.n123, given.n1) IS DISTINCT FROM word.n OR word.response = word.cue
ORDER BY example_id, word.response

-- audit: pairs-differ "no pair of a cue stands twice"
SELECT language, cue, chosen, rejected, count(*) AS pairs
FROM data.pairs_word
GROUP BY language, cue, chosen, rejected
HAVING count(*) > 1
ORDER BY language, cue, chosen, rejected

-- audit: every-split-has-pairs "a language with pairs has them in each split of the recipe"
SELECT expected.language, expected.split
FROM (SELECT DISTINCT language, split FROM core.split WHERE recipe = getvariable('recipe')) AS expected
SEMI JOIN data.pairs_word AS some_split ON some_split.language = expected.language
ANTI JOIN data.pairs_word AS built ON built.language = expected.language AND built.split = expected.split
ORDER BY expected.language, expected.split
