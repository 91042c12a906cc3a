-- What is kept is a word with a response, and nothing else is kept.
select * from swow_association
where kept <> (kind = 'word') or (kept and (response is null or response = ''))
