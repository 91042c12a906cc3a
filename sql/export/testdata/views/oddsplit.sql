-- view: data.oddsplit
-- doc: A row whose split can't name a file.
-- key: id
-- licence: open
-- column: id "number"
SELECT 1 AS id, 'a/b' AS split
