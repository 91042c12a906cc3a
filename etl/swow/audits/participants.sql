-- Every record belongs to one participant of core.participant.
select records, counted
from (select count(*) as records from swow_record) r
cross join (select coalesce(sum(records), 0) as counted from core_participant) p
where records <> counted
