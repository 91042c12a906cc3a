package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"alignctl/lake"
	"alignctl/train"
	"alignctl/train/lm"
)

func modelShowCommand(t *terminal) *cli.Command {
	var format string
	return checked(&cli.Command{
		Name:  "show",
		Usage: "what a model or adapter is: shape, size, settings, and where it comes from",
		Description: "MODEL is a folder, or a model that the lake knows: its id, the beginning of its sha256, or the run that\n" +
			"made it. A folder is described from its headers alone, and its sha256 computed.",
		Flags: t.flags(outputFlag(&format)),
		Action: func(c *cli.Context) error {
			return t.withLake(c.Context, func(ctx context.Context, l *lake.Lake) error {
				return runModelShow(ctx, t, l, c.Args().First(), format)
			})
		},
	}, oneArgument("MODEL"))
}

func runModelShow(ctx context.Context, t *terminal, l *lake.Lake, name, format string) error {
	known, err := shownModel(ctx, l, name)
	if err != nil {
		return err
	}
	facts := lineageFacts(known)
	if known.Now != "" {
		about, err := lm.Describe(known.Now)
		if err != nil {
			return err
		}
		facts = append(facts, folderFacts(about)...)
	}
	g := newGrid("fact", "value")
	for _, fact := range facts {
		if fact[1] != "" {
			g.add(fact[0], fact[1])
		}
	}
	return t.printRows(format, g)
}

// shownModel finds a model by its name in the lake, else by its folder.
func shownModel(ctx context.Context, l *lake.Lake, name string) (train.KnownModel, error) {
	known, err := train.FindModel(ctx, l, name)
	if err == nil {
		return known, nil
	}
	if info, statErr := os.Stat(name); statErr != nil || !info.IsDir() {
		return known, err
	}
	about, err := lm.Describe(name)
	if err != nil {
		return known, err
	}
	known.Kind, known.State, known.Now = about.Kind, "not recorded", name
	if known.Path, err = filepath.Abs(name); err != nil {
		return known, fmt.Errorf("show model %q: %w", name, err)
	}
	known.SHA256, err = about.Digest(name)
	return known, err
}

// lineageFacts are what train.models says.
func lineageFacts(m train.KnownModel) [][2]string {
	moved := ""
	if m.State == train.FolderMoved {
		moved = m.Now
	}
	return [][2]string{
		{"model", m.ModelID}, {"kind", m.Kind}, {"folder", m.Path}, {"state", m.State}, {"moved_to", moved},
		{"sha256", m.SHA256}, {"run", m.RunID}, {"method", m.Method}, {"dataset", m.Dataset},
		{"dataset_snapshot", m.DatasetSnapshot}, {"base_sha256", m.BaseSHA256}, {"parent_sha256", m.ParentSHA256},
		{"declared_by", m.DeclaredBy}, {"job", m.JobID},
	}
}

// folderFacts are what the folder's headers say.
func folderFacts(d lm.Description) [][2]string {
	facts := [][2]string{
		{"parameters", strconv.Itoa(d.Parameters)}, {"bytes", strconv.FormatInt(d.Bytes, 10)}, {"dtype", d.DType},
	}
	if l := d.LoRA; d.Kind == lm.KindAdapter {
		return append(facts, [][2]string{
			{"base", d.Base}, {"lora_r", strconv.Itoa(l.Rank)}, {"lora_alpha", fmt.Sprint(l.Alpha)},
			{"rslora", strconv.FormatBool(l.RSLoRA)}, {"lora_dropout", fmt.Sprint(l.Dropout)},
			{"lora_targets", strings.Join(l.Targets, ", ")},
		}...)
	}
	c := d.Config
	return append(facts, [][2]string{
		{"architecture", c.Architecture}, {"vocab_size", strconv.Itoa(c.VocabSize)}, {"hidden_size", strconv.Itoa(c.HiddenSize)},
		{"intermediate_size", strconv.Itoa(c.IntermediateSize)}, {"layers", strconv.Itoa(c.Layers)},
		{"heads", strconv.Itoa(c.Heads)}, {"kv_heads", strconv.Itoa(c.KVHeads)}, {"head_dim", strconv.Itoa(c.HeadDim)},
		{"max_positions", strconv.Itoa(c.MaxPositions)}, {"rope_theta", fmt.Sprint(c.RopeTheta)},
		{"tied_embeddings", strconv.FormatBool(c.TieEmbeddings)},
	}...)
}
