-- audit: no-group-crosses "spellings of one cue stand on one side of the split"
-- needs: language, cue, split
SELECT language, fold(cue) AS cue_group, list(DISTINCT split ORDER BY split) AS splits, list(DISTINCT cue ORDER BY cue) AS cues
FROM built
GROUP BY language, fold(cue)
HAVING count(DISTINCT split) > 1
ORDER BY language, cue_group
