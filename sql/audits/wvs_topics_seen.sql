-- report: wvs-topics-seen "survey questions with a training cue of two characters or more in their words"
-- needs: language, cue, split
-- reads: core.wvs_question
WITH train AS (
    SELECT DISTINCT language, fold(cue) AS word FROM built WHERE split = 'train' AND length(fold(cue)) > 1
),
question AS (
    -- Topics are ours, in English; the wording is the codebook's, in its language.
    SELECT DISTINCT question, 'en' AS language, 'topic' AS words_of, fold(topic) AS words
    FROM core.wvs_question WHERE role = 'substantive'
    UNION
    SELECT DISTINCT question, language, 'wording' AS words_of, fold(text) AS words
    FROM core.wvs_question WHERE role = 'substantive' AND language <> '' AND text IS NOT NULL
),
spaced AS (
    SELECT *, ' ' || regexp_replace(words, '[^\p{L}\p{N}]+', ' ', 'g') || ' ' AS apart FROM question
),
hit AS (
    SELECT spaced.language, words_of, question, word
    FROM spaced JOIN train
        -- Chinese has no blanks between its words.
        ON train.language = spaced.language AND contains(apart, CASE WHEN word SIMILAR TO '\p{Han}+' THEN word ELSE ' ' || word || ' ' END)
),
touched AS (
    SELECT language, words_of, count(DISTINCT question) AS touched, array_to_string(list(DISTINCT word ORDER BY word)[1:8], ' ') AS such_as
    FROM hit GROUP BY language, words_of
),
asked AS (
    SELECT language, words_of, count(DISTINCT question) AS questions FROM question GROUP BY language, words_of
)
SELECT asked.language, asked.words_of, questions, coalesce(touched, 0) AS touched,
    round(coalesce(touched, 0) / questions, 4) AS share_touched, such_as
FROM asked LEFT JOIN touched USING (language, words_of)
WHERE asked.language IN (SELECT language FROM train)
ORDER BY asked.language, asked.words_of
