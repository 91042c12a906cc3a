-- view: data.sft_triples
-- doc: One supervised example: a prompt with a cue, answered by the up to three responses of one person, in the order in
--   which they came; the template's no_more stands for each that is missing or doesn't count. A record whose first
--   response doesn't count gives none, nor does one with a comma in a response, which could not be read back. People
--   who gave the same answer are an example each: that is how often it was given. The study's follow-up splits the cues
--   80 to 20: alignctl data build --set recipe=cue-80-20 --set train=80 --set dev=0 --set test=20 core.split, then
--   this with --set recipe=cue-80-20.
-- key: example_id
-- licence: no-redistribution
-- param: language string both both|core.strength.language "language of the cues; both: English and Mandarin"
-- param: recipe string cue-70-20-10 "recipe in core.split"
-- param: country string '' "only people of this country, as in core.participant; '' takes everybody"
-- param: native_language string '' "only people of this native language, as in core.participant; '' takes everybody"
-- param: template style triple cue "style of the prompt; its templates have a no_more"
-- column: example_id "language:source:participant_id:cue:record"
-- column: language "language of the cue"
-- column: cue "the cue"
-- column: split "train, dev or test"
-- column: messages "the prompt: a system message where the template has one, and the user's"
-- column: completion "the answer to learn: three items joined by the template's separator"
-- column: template "id of the prompt template"
-- column: source "source of the record"
-- column: participant_id "who answered, as in core.participant"
-- column: record "1, 2, ... of the person's records of the cue, in the order of their answers; nearly always 1"
-- column: n_items unit=count "responses in the completion, without the no_more"
WITH people AS (
    SELECT language, source, participant_id
    FROM core.participant
    WHERE (getvariable('country') = '' OR country = getvariable('country'))
      AND (getvariable('native_language') = '' OR native_language = getvariable('native_language'))
),
records AS (
    SELECT language, source, file_id, line, min(participant_id) AS participant_id, min(cue) AS cue,
        list(response ORDER BY position) FILTER (kept) AS responses
    FROM core.association
    SEMI JOIN people USING (language, source, participant_id)
    WHERE language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh')
    GROUP BY language, source, file_id, line
    HAVING bool_or(kept AND position = 1)
       AND NOT coalesce(bool_or(kept AND (contains(response, ',') OR contains(response, '，'))), false)
),
-- Not by file and line: the same answers in another order of lines are the same examples.
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY language, source, participant_id, cue ORDER BY responses NULLS LAST) AS record
    FROM records
)
SELECT
    concat_ws(':', numbered.language, source, participant_id, numbered.cue, record) AS example_id,
    numbered.language,
    numbered.cue,
    split.split,
    render(messages, cue := numbered.cue) AS messages,
    replace(array_to_string(list_resize(responses, 3, no_more), ','), ',', separator) AS completion,
    templates.id AS template,
    source,
    participant_id,
    record,
    len(responses)::INTEGER AS n_items
FROM numbered
JOIN core.split AS split ON split.language = numbered.language AND split.cue = numbered.cue
JOIN templates ON templates.language = numbered.language AND templates.style = getvariable('template')
WHERE split.recipe = getvariable('recipe')

-- audit: every-language-has-a-template "the style has a template, with a no_more, in each language of the cues"
SELECT DISTINCT language, getvariable('template') AS style
FROM core.association
WHERE (language = getvariable('language') OR getvariable('language') = 'both' AND language IN ('en', 'zh'))
  AND NOT EXISTS (FROM templates
      WHERE templates.language = association.language AND style = getvariable('template') AND no_more <> '')
ORDER BY language

-- audit: every-split-has-examples "each part of the recipe has examples in each language"
SELECT DISTINCT language, split
FROM core.split AS expected
WHERE recipe = getvariable('recipe')
  AND language IN (SELECT language FROM data.sft_triples)
  AND NOT EXISTS (FROM data.sft_triples AS built WHERE built.language = expected.language AND built.split = expected.split)
ORDER BY language, split

-- audit: three-items "each completion has three items, the responses first"
SELECT example_id, completion
FROM data.sft_triples AS example
JOIN templates ON templates.id = example.template
WHERE len(string_split(completion, separator)) <> 3
   OR len(list_filter(string_split(completion, separator)[n_items + 1:], lambda item: item <> no_more)) > 0
