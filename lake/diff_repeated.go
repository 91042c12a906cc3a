package lake

// multiset compares the rows of one key, of which a version has several, as
// wholes: each row of a meets an equal row of b, or is removed; the rows of b
// that are left are added.
func (j *join) multiset() error {
	rowsA, err := j.group(&j.a)
	if err != nil {
		return err
	}
	rowsB, err := j.group(&j.b)
	if err != nil {
		return err
	}
	left := map[string]int{} // rows of b that no row of a met
	for _, row := range rowsB {
		left[row]++
	}
	for x, row := range rowsA {
		if left[row] == 0 {
			j.remove(j.a.now.from + x)
			continue
		}
		left[row]--
		j.tally.meet(1)
	}
	for x, row := range rowsB {
		if left[row] > 0 {
			left[row]--
			j.add(j.b.now.from + x)
		}
	}
	j.a.now.from += len(rowsA)
	j.b.now.from += len(rowsB)
	return nil
}

// group is the canonical bytes of the next rows of one key, compared columns
// alone.
func (j *join) group(f *feed) ([]string, error) {
	j.tally.countRepeated(f.now)
	rows := make([][]byte, 1)
	if f.now.repeated {
		rows = make([][]byte, f.now.rows())
	}
	for i, at := range f.columns {
		if !j.columns[i].Compared {
			continue
		}
		encode, err := encoderOf(f.now.columns[at])
		if err != nil {
			return nil, err
		}
		for x := range rows {
			rows[x] = encode(rows[x], f.now.from+x)
		}
	}
	out := make([]string, len(rows))
	for x, row := range rows {
		out[x] = string(row)
	}
	return out, nil
}
