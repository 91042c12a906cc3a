-- core.association, a record a row and in numbers: step 3 of the official
-- cleaning, wide to long, and the texts are left to the engine (see long.go).
--
-- reads swow_kept
select trial, person, cue, w1, w2, w3, k1, k2, k3, valid,
  coalesce(status, surplus, case when variant then 'variant' end) as removed
from swow_kept
