-- A record gives three slots, kept or with the kind that removed them.
select records, slots
from (select count(*) as records from swow_record) r
cross join (select count(*) as slots from core_association) a
where slots <> 3 * records
