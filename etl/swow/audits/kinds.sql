-- What is kept is a word with a response, of a participant that no rule removed.
select * from core_association
where kept and (kind <> 'word' or response is null or response = '')
