-- view: data.asked
-- doc: A prompt about a cue, for tests of templates and of parameters whose values stand in tables.
-- key: language, cue
-- licence: open
-- param: language string both both|core.strength.language "language of the cues"
-- param: template style asked cue|people "style of the prompt"
SELECT language, cue, render(messages, cue := cue, people := sum(n123)) AS messages
FROM core.strength JOIN templates USING (language)
WHERE getvariable('language') IN ('both', language) AND templates.style = getvariable('template')
GROUP BY language, cue, messages
