package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// A catalog whose files lie elsewhere can be copied, with its folder or its
// database, or put back from a backup. Then two lead to the same files, and what
// one lets go the other needs. So whoever changes such a lake claims the change
// first: the catalog takes the next number, with a text that nobody else has, and
// the warehouse gets a file of that number, which holds the text. A file can be
// made once. Of two catalogs that were one, the first to change anything goes on,
// and the other finds its next number taken.

// ErrCopied says that another copy of the catalog has changed the lake since this
// one did: this one changes nothing, and reads what the other didn't let go.
var ErrCopied = errors.New("the catalog is an old copy")

// claims is the folder of the claims' files, in the warehouse.
const claims = "alignctl-claims"

// A claim is one change of the lake. Its text, in alignctl_lake and in its file,
// is the number and a word of its own: "12 7c9e...". The zero claim is none.
type claim struct {
	number int
	text   string
}

func newClaim(number int) claim {
	return claim{number, strconv.Itoa(number) + " " + uuid.NewString()}
}

func (c *Catalog) claimPath(number int) string {
	return filepath.Join(c.place.actual, claims, fmt.Sprintf("%09d", number))
}

// IsClaim says whether a file of the warehouse is a claim's: no table has it.
func (p Place) IsClaim(path string) bool {
	_, err := strconv.Atoi(filepath.Base(path))
	return err == nil && p.apart && filepath.Dir(path) == filepath.Join(p.actual, claims)
}

// Claim comes before a change, and sees to it that no other copy of the catalog
// makes one any more: ErrCopied where one did already. A lake whose files are in
// its own folder needs none.
func (c *Catalog) Claim(ctx context.Context) error {
	if !c.place.apart {
		return nil
	}
	for {
		last, err := c.lastClaim(ctx)
		if err != nil {
			return err
		}
		if err := c.makeClaim(ctx, last); err != nil { // unless its process was killed, or is at it, it is made
			return err
		}
		next, won, err := c.claimAfter(ctx, last, last.number+1)
		if err != nil {
			return err
		}
		if won { // else another process of this catalog claimed meanwhile
			return c.makeClaim(ctx, next)
		}
	}
}

// TakeOver makes this copy of the catalog the one that may change the lake; all
// others are old then.
func (c *Catalog) TakeOver(ctx context.Context) error {
	there, err := c.disk.List(filepath.Join(c.place.actual, claims))
	if err != nil {
		return err
	}
	newest := 0
	for _, f := range there {
		n, _ := strconv.Atoi(filepath.Base(f.Path)) // 0 of what is no claim
		newest = max(newest, n)
	}
	last, err := c.lastClaim(ctx)
	if err != nil {
		return err
	}
	next, won, err := c.claimAfter(ctx, last, newest+1)
	switch {
	case err != nil:
		return err
	case !won:
		return errors.New("another process is changing the lake: try again")
	}
	return c.makeClaim(ctx, next)
}

// Current is ErrCopied where another copy of the catalog has changed the lake
// since this one did. It changes nothing.
func (c *Catalog) Current(ctx context.Context) error {
	if !c.place.apart {
		return nil
	}
	last, err := c.lastClaim(ctx)
	if err != nil {
		return err
	}
	taken, err := c.taken(last)
	if err != nil || taken == 0 {
		return err
	}
	now, err := c.lastClaim(ctx) // of this catalog's own process the claim is there before its file
	if err == nil && now == last {
		err = c.old(taken)
	}
	return err
}

// taken is the number, from that of the last claim on, of which another claim has
// the file; 0: there is none.
func (c *Catalog) taken(last claim) (number int, err error) {
	for _, one := range []claim{last, {number: last.number + 1}} {
		held, err := c.held(one.number)
		switch {
		case errors.Is(err, fs.ErrNotExist): // as that of the last isn't yet whose process was killed
			return 0, nil
		case err != nil:
			return 0, err
		case held != one.text:
			return one.number, nil
		}
	}
	return 0, nil
}

// lastClaim is the newest claim of the catalog.
func (c *Catalog) lastClaim(ctx context.Context) (last claim, err error) {
	texts, err := c.texts(ctx, "select value from alignctl_lake where key = 'claim'")
	if err != nil || len(texts) == 0 {
		return claim{}, err
	}
	number, _, _ := strings.Cut(texts[0], " ")
	last = claim{text: texts[0]}
	if last.number, err = strconv.Atoi(number); err != nil || last.number < 1 {
		return last, c.unread(fmt.Errorf("its newest claim is %q", texts[0]))
	}
	return last, nil
}

// claimAfter writes a claim over the last one into the catalog; won is false
// where another process was first.
func (c *Catalog) claimAfter(ctx context.Context, last claim, number int) (next claim, won bool, err error) {
	next = newClaim(number)
	err = c.db.exec(ctx, `insert into alignctl_lake values ('claim', ?)
		on conflict (key) do update set value = excluded.value where alignctl_lake.value = ?`, next.text, last.text)
	if err != nil {
		return next, false, err
	}
	now, err := c.lastClaim(ctx) // the answer may have been lost of a statement that was done
	return next, now == next, err
}

// makeClaim makes a claim's file, unless it is there.
func (c *Catalog) makeClaim(ctx context.Context, one claim) error {
	if one.number == 0 {
		return nil
	}
	held, err := c.held(one.number)
	if errors.Is(err, fs.ErrNotExist) {
		held, err = one.text, c.disk.Claim(ctx, c.claimPath(one.number), []byte(one.text))
		if errors.Is(err, fs.ErrExist) { // another process made it, or this one, and didn't hear of it
			held, err = c.held(one.number)
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("claim a change: %w", err)
	case held != one.text:
		return c.old(one.number)
	}
	return nil
}

// held is what the file of a number says; of number 0, which has none, "".
func (c *Catalog) held(number int) (string, error) {
	if number == 0 {
		return "", nil
	}
	in, err := c.disk.Stored(c.claimPath(number))
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(in)
	return string(content), errors.Join(err, in.Close())
}

// old is the error of a catalog whose number another copy has taken.
func (c *Catalog) old(number int) error {
	return fmt.Errorf("%w: the files in %s belong to another copy of %s, which has changed the lake (%s/%s says so): "+
		"go on with that one, or bring its catalog here; if it is lost, alignctl lake relocate has this one count again",
		ErrCopied, c.place.Location(), c.db.name, claims, filepath.Base(c.claimPath(number)))
}
