package norms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"alignctl/etl"
	"alignctl/lake/duck"
)

// describe puts into the report what the source holds and what was decided.
func (w *loader) describe(ctx context.Context) error {
	for _, tell := range []func(context.Context) error{w.count, w.notes} {
		if err := tell(ctx); err != nil {
			return err
		}
	}
	set := w.plan.options.Set
	w.job.Report.Notes = append(w.job.Report.Notes, set.mapped()...)
	for _, f := range w.plan.files {
		w.job.Report.Notes = append(w.job.Report.Notes, set.absent(f)...)
	}
	return nil
}

// mapped tells which scales aren't those that sources share.
func (s *Set) mapped() (notes []string) {
	for _, name := range s.dimensions() {
		own := s.Dimensions[name].Scale
		if shared := target(name, own); own != shared {
			direction := ""
			if own.Reversed {
				direction = ", reversed,"
			}
			notes = append(notes, fmt.Sprintf("%s from %v to %v%s becomes %v to %v", name, own.Low, own.High, direction,
				shared.Low, shared.High))
		}
	}
	return notes
}

// count counts the words of each dimension, by the rule that gave their value.
func (w *loader) count(ctx context.Context) error {
	session := w.job.Run.Session()
	rows, err := session.Query(ctx, `select language, dimension, rule, count(*) from norm_value
		group by language, dimension, rule order by language, dimension, count(*) desc, rule`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		c := etl.Count{Table: coreSpec().Name}
		var language, dimension string
		if err := rows.Scan(&language, &dimension, &c.Kind, &c.Rows); err != nil {
			return err
		}
		c.Group = "language " + language + ", " + dimension
		w.job.Report.Counts = append(w.job.Report.Counts, c)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return etl.Scan(ctx, session, "select count(*) from (select distinct file_id, line from norm_record)",
		&w.job.Report.Rows)
}

// findings gives a text for each thing that people want to know of the words.
const findings = `
select 'records without a mean, which give core.norm no value: ' || count(*) || ' (' || min(headword) || ', ...)'
from norm_record where "group" = 'Sum' and mean is null having count(*) > 0
union all
select 'words with several spellings: ' || count(*) || ' (' || min(first) || ' and ' || min(last) ||
  ', ...): each spelling is a word of its own; a lookup takes the exact one first'
from (select folded, min(word) as first, max(word) as last from (select distinct language, word, folded from norm_value)
  group by language, folded having count(*) > 1) having count(*) > 0
union all
select 'words with several records: ' || count(distinct word) || ' (' || min(word) || ', ...): ' || case rule
  when 'bare' then 'the rating without a sense counts, raw.norm has those of the senses'
  when 'senses' then 'the mean over the senses, weighted by raters where all tell them'
  else 'the mean of the records, weighted by raters where all tell them' end
from norm_value where rule <> 'single' group by rule
order by 1`

// notes adds what was decided about scales and words.
func (w *loader) notes(ctx context.Context) error {
	rows, err := w.job.Run.Session().Query(ctx, findings)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var note string
		if err := rows.Scan(&note); err != nil {
			return err
		}
		w.job.Report.Notes = append(w.job.Report.Notes, note)
	}
	return rows.Err()
}

// absent tells which ratings of the set a file doesn't have.
func (s *Set) absent(f *etl.Checked) []string {
	held := s.held(f)
	var missing []string
	for _, r := range s.ratings() {
		if !slices.Contains(held, r) {
			missing = append(missing, r.dimension+" of group "+r.group)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s has no columns for %s", duck.Literal(f.Name()), strings.Join(missing, ", "))}
}
