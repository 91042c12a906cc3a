-- A value lies on its scale, in the source's numbers and in the shared ones.
select * from norm_value
where value < value_low or value > value_high or original < scale_low or original > scale_high
