package swow

import (
	"context"
	"strings"
	"testing"

	"alignctl/etl"
	"alignctl/etl/etltest"
	"alignctl/etl/spark/sparktest"
	"alignctl/etl/swow/swowtest"
	"alignctl/lake"
)

// What the transforms make for each other, and the core tables, in their order.
var (
	cleanedTables = strings.Fields("reading word slot shown person trial judged surplus kept")
	countedTables = strings.Fields("edge asked tally")
	coreTables    = strings.Fields("association participant strength cue_stats response_stats removed")
)

// TestSparkAgrees runs each transform on Spark: the same rows come out, numbers
// of words and participants included.
func TestSparkAgrees(t *testing.T) {
	server := sparktest.Start(t, "local[2]").Engine(t)
	file, lists := generated(t, swowtest.Size{Cues: 40, PerCue: 120})
	for name, o := range map[string]Options{
		"generated": {Files: []string{file}, Language: "en", Lists: lists, SelfAnswers: DropSelf},
		"traps": {Files: []string{etltest.File(t, "traps.csv", completeText(traps...))}, Language: "en", Steps: AllSteps,
			Lists: Lists{Spelling: etltest.File(t, "s.tsv", "ΣΊΣΥΦΟΣ\tσίσυφος\no'clock\tit's \\n 5\n")},
			Populations: []Population{{Name: "quoted", Where: "native_language in ('O''Brien', 'Ireland') and age between 20 and 40"},
				{Name: "both", Where: "country = 'Canada' and (sampled or prop_x < 0.5)"}}},
		"mandarin": {Files: []string{etltest.File(t, "zh.csv", mandarinText(mandarinRecords...))}, Language: "zh", Steps: AllSteps},
	} {
		t.Run(name, func(t *testing.T) {
			l := etltest.NewLake(t)
			here, there := clean(t, l, o, nil), clean(t, l, o, server)
			session := here.job.Run.Session()
			for _, table := range append(append([]string{"text"}, cleanedTables...), countedTables...) {
				if table != "surplus" || name == "generated" {
					sparktest.Compare(t, session, there.engine, table, "select * from swow_"+table, 1)
				}
			}
			for _, table := range coreTables {
				query, err := transform(table)
				if err != nil {
					t.Fatal(err)
				}
				sparktest.Compare(t, session, there.engine, "core "+table, query, 1)
			}
		})
	}
}

// traps are records at which engines like to part: letters that change their
// length or their form with their case, text beyond 16 bits, marks that combine,
// blanks of several kinds, quotes and backslashes, ties, and nothing.
var traps = []string{
	"1,O'Brien,İstanbul,istanbul,i̇stanbul,ISTANBUL", `2,a\b,straße,STRASSE,strasse,ß`, "3,,σίσυφος,ΣΊΣΥΦΟΣ,σίσυφοσ,ς",
	"4,NA,tea,😀,👩‍👩‍👧,𝔘𝔫𝔦", "5,Canada,tea,é,é,e", "6,Canada,tea,a b,a\u00a0b,a\u2003b", "7,Canada,tea, ,  x ,x",
	"8,Canada,tea,o'clock,it's,don''t", `9,Canada,tea,a\nb,\,\\`, `10,Canada,tea,"a ""b""","c,d","e;f"`, "11,Canada,tea,,,", "12,Canada,tea,,cup,cup",
	"13,Canada,tea,cup,,cup", "14,Canada,tea,cup,cup,", "15,Canada,tea,tea,tea,tea", "16,Canada,tea,%,_,%_", "17,Canada,cup,a,b,c", "18,Canada,cup,b,a,c",
	"19,Canada,cup,c,b,a", "20,Canada,cup,A,a,Ａ", "21,Canada,Cup,Z,z,Ž", "20,Canada,Tea,unknown word,No more responses,NA", "1e3,Canada,tea,1,01,1.0",
	"0x10,Canada,tea,-0,0,+0", "20,Ireland,tea,x,y,z", "999999999999999999999,Canada,tea,x,y,z",
}

var mandarinRecords = []string{"蘋果,水果,花兒,一二三四五六七", "苹果,女儿,？！,花", "苹果,水,水,紅", "茶,沒有了,沒有了,沒有了", "𠮷,𠮷野家,iPhone,ｉＰｈｏｎｅ"}

// clean stages the files of a load in a run of its own and goes through the
// transforms on an engine, as far as there are counts; the temporary tables
// stay. No engine is DuckDB.
func clean(t *testing.T, l *lake.Lake, o Options, on etl.Opener) *cleaning {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // for the cleanup
	o.Engine = on
	p, err := Prepare(ctx, l, o)
	if err != nil {
		t.Fatal(err)
	}
	j := etltest.NewJob(t, l, on)
	j.Report = &etl.Report{Source: p.options.Source}
	w := &loader{plan: p, job: j}
	c, err := w.cleaning(ctx, p.language.Code)
	for _, do := range []func() error{
		func() error { return err },
		func() error { return w.stage(ctx) },
		func() error { return w.raw(ctx) },
		func() error { return c.prelude(ctx) },
		func() error { return c.make(ctx, "text") },
		func() error { return c.normalise(ctx) },
		func() error { return c.make(ctx, cleanedTables...) },
		func() error { return c.counts(ctx) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}
