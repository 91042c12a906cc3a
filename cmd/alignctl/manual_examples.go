package main

// manuals are what help says of commands beside their usage and flags, by the
// commands' names. Words in capitals stand for names of the user's.
var manuals = map[string]manual{
	"init": {examples: []example{
		{"a lake in ./lake, and an alignctl.yaml beside it", "alignctl init"},
		{"both in a folder of their own", "alignctl init study"},
		{"a lake for several machines; the others leave --warehouse out, and join it",
			"alignctl init --catalog postgres://lake@DB.EXAMPLE.ORG/LAKE --warehouse s3://BUCKET/LAKE"},
	}},
	"config show": {examples: []example{
		{"what the file sets, by lines", "alignctl config show"},
		{"what it doesn't set, too", "alignctl config show --resolved -o csv"},
	}},

	"etl swow": {writes: true, partial: "bad records were set aside", examples: []example{
		{"", "alignctl etl swow --lang en SWOW-EN.R100.csv"},
		{"one more population of core.strength", `alignctl etl swow --lang en --population "young=age < 30" SWOW-EN.R100.csv`},
		{"go on in spite of bad records", "alignctl etl swow --lang zh --reject bad.csv SWOW-ZH.R55.csv"},
	}},
	"etl strength": {writes: true, partial: "bad records were set aside", examples: []example{
		{"", "alignctl etl strength --lang en strength.SWOW-EN.R123.csv"},
	}},
	"etl norms": {writes: true, partial: "bad records were set aside", examples: []example{
		{"a published set", "alignctl etl norms --set warriner ratings.csv"},
		{"any other one", "alignctl etl norms --mapping mine.yaml ratings.csv"},
	}},
	"etl lemma": {writes: true, partial: "bad records were set aside", examples: []example{
		{"", "alignctl etl lemma --lang en lemmas.txt"},
	}},
	"etl wvs": {writes: true, partial: "bad records were set aside", examples: []example{
		{"two countries, with the words of the questions", "alignctl etl wvs --codebook codebook.csv WVS-US.csv WVS-CN.csv"},
	}},
	"etl run": {writes: true, partial: "some sources failed, or bad records were set aside", examples: []example{
		{"what would be loaded, and why", "alignctl etl run --dry-run"},
		{"load it", "alignctl etl run"},
		{"one source", "alignctl etl run swow-en"},
	}},
	"etl check": {examples: []example{
		{"", "alignctl etl check raw/SWOW-EN.R100.csv raw/ratings.csv"},
	}},

	"data ls": {examples: []example{{"", "alignctl data ls"}}},
	"data show": {examples: []example{
		{"", "alignctl data show data.sft_ranked"},
		{"for a program", "alignctl data show -o json data.sft_ranked"},
	}},
	"data graph": {examples: []example{
		{"", "alignctl data graph data.sft_ranked"},
		{"as a picture", "alignctl data graph -o dot | dot -Tsvg > graph.svg"},
	}},
	"data build": {writes: true, examples: []example{
		{"", "alignctl data build data.sft_ranked"},
		{"with parameters (data show lists them)", "alignctl data build --set language=en --set copies=4 data.sft_ranked"},
	}},
	"data preview": {examples: []example{
		{"as people see it", "alignctl data preview -n 3 data.sft_ranked"},
		{"as a model sees it: tokens, and what is learned", "alignctl data preview --model SmolLM2-135M-Instruct data.sft_ranked"},
	}},
	"data stats": {examples: []example{
		{"", "alignctl data stats --model SmolLM2-135M-Instruct data.sft_ranked"},
	}},
	"data audit": {examples: []example{{"", "alignctl data audit data.sft_ranked"}}},
	"data diff": {examples: []example{
		{"between a tag and now", "alignctl data diff data.sft_ranked paper-v1"},
	}},
	"data export": {examples: []example{
		{"for TRL", "alignctl data export --for trl -o sft-for-trl data.sft_ranked"},
		{"rows that may not be passed on need your word", "alignctl data export --for trl --i-have-the-rights -o sft-for-trl data.sft_ranked"},
	}},
	"data rm": {writes: true, examples: []example{
		{"what would go", "alignctl data rm data.sft_ranked"},
		{"let it go", "alignctl data rm -f data.sft_ranked"},
	}},
	"sql": {examples: []example{
		{"", `alignctl sql "select response, n123 from core.strength where cue = 'tea' order by rank limit 5"`},
		{"the lake as it was", `alignctl sql --at paper-v1 "select count(*) from core.association"`},
		{"a file for another tool", `alignctl sql --out strength.parquet "select * from core.strength"`},
		{"a shell", "alignctl sql"},
	}},

	"lake ls":   {examples: []example{{"", "alignctl lake ls"}}},
	"lake show": {examples: []example{{"", "alignctl lake show core.strength@paper-v1"}}},
	"lake log": {examples: []example{
		{"the last three entries", "alignctl lake log -n 3"},
		{"what moved a table in the last day", "alignctl lake log --since 24h core.strength"},
	}},
	"lake diff": {examples: []example{
		{"a table, row by row", "alignctl lake diff core.strength@paper-v1 core.strength"},
		{"the whole lake, since a tag", "alignctl lake diff paper-v1"},
	}},
	"lake digest": {examples: []example{{"", "alignctl lake digest core.strength"}}},
	"lake views":  {examples: []example{{"", "alignctl lake views > lake.sql"}}},
	"lake tag": {writes: true, examples: []example{
		{"name the lake as it is", "alignctl lake tag paper-v1"},
		{"list the tags", "alignctl lake tag"},
	}},
	"lake untag": {writes: true, examples: []example{{"", "alignctl lake untag paper-v1"}}},
	"lake explain": {examples: []example{
		{"", "alignctl lake explain eval.metrics"},
		{"as a picture", "alignctl lake explain -o dot data.sft_ranked | dot -Tsvg > chain.svg"},
	}},
	"lake reproduce": {examples: []example{{"", "alignctl lake reproduce data.sft_ranked"}}},
	"lake check":     {examples: []example{{"", "alignctl lake check"}}},
	"lake verify": {examples: []example{
		{"every byte", "alignctl lake verify"},
		{"every row, too", "alignctl lake verify --deep"},
	}},
	"lake gc": {writes: true, examples: []example{
		{"what would go", "alignctl lake gc"},
		{"let it go", "alignctl lake gc -f"},
	}},
	"lake relocate": {writes: true, examples: []example{{"", "alignctl lake relocate"}}},

	"model ls":   {examples: []example{{"", "alignctl model ls"}}},
	"model show": {examples: []example{{"", "alignctl model show SmolLM2-135M-Instruct"}}},
	"model init": {examples: []example{
		{"", "alignctl model init --data data.sft_ranked --vocab 900 --hidden 96 --layers 3 --heads 4 models/base"},
	}},
	"model import": {writes: true, examples: []example{
		{"an adapter that was trained elsewhere", "alignctl model import --base SmolLM2-135M-Instruct ADAPTER"},
		{"what came of a job (train export-job)", `alignctl model import --job JOB/job.json --declared-by "the GPU team" JOB/result`},
	}},
	"model merge": {examples: []example{
		{"", "alignctl model merge --model SmolLM2-135M-Instruct --adapter ADAPTER MERGED"},
	}},
	"model rm": {writes: true, examples: []example{{"", "alignctl model rm RUN"}}},

	"train sft": {writes: true, examples: []example{
		{"what a run would do and take", "alignctl train sft --model SmolLM2-135M-Instruct --data data.sft_ranked --preset small --dry-run"},
		{"train an adapter", "alignctl train sft --model SmolLM2-135M-Instruct --data data.sft_ranked --preset small --out ADAPTER"},
		{"go on where it was stopped", "alignctl train sft --resume ADAPTER"},
	}},
	"train export-job sft": {writes: true, examples: []example{
		{"the study's fine-tuning, for a machine with several GPUs",
			"alignctl train export-job sft --for trl --model Llama-3.1-8B-Instruct --data data.sft_ranked --preset study --i-have-the-rights -o JOB"},
	}},
	"train export-job dpo": {writes: true, examples: []example{
		{"go on from an adapter", "alignctl train export-job dpo --for llama-factory --model Llama-3.1-8B-Instruct --adapter ADAPTER --data data.pairs --i-have-the-rights -o JOB"},
	}},
	"train dpo": {writes: true, examples: []example{
		{"after SFT", "alignctl train dpo --model SmolLM2-135M-Instruct --adapter ADAPTER --data data.pairs --out PREFERENCES"},
	}},
	"train ppo": {writes: true, examples: []example{
		{"after SFT", "alignctl train ppo --model SmolLM2-135M-Instruct --adapter ADAPTER --data data.sft_ranked --reward hit_strength --out REWARDS"},
	}},
	"train grpo": {writes: true, examples: []example{
		{"after SFT", "alignctl train grpo --model SmolLM2-135M-Instruct --adapter ADAPTER --data data.sft_ranked --reward hit_strength --max-new-tokens 40 --out REWARDS"},
	}},
	"train reward-check": {examples: []example{
		{"", "alignctl train reward-check --model SmolLM2-135M-Instruct --reward hit_strength data.sft_ranked"},
	}},
	"train ls": {examples: []example{{"", "alignctl train ls"}}},
	"train show": {examples: []example{
		{"the newest run", "alignctl train show latest"},
		{"for a program", "alignctl train show -o json RUN"},
	}},

	"eval generate": {writes: true, examples: []example{
		{"a model's folder", "alignctl eval generate --model SmolLM2-135M-Instruct --adapter ADAPTER --data data.sft_ranked --split test"},
		{"a server", "alignctl eval generate --endpoint http://localhost:8000/v1 --served-model NAME --data data.sft_ranked"},
		{"go on where it was stopped", "alignctl eval generate --resume RUN"},
	}},
	"eval import": {writes: true, examples: []example{
		{"", "alignctl eval import --name NAME --data data.sft_ranked answers.jsonl"},
	}},
	"eval wvs": {writes: true, examples: []example{
		{"in English and in Chinese, two runs", "alignctl eval wvs --model SmolLM2-135M-Instruct --between USA,CHN"},
		{"", "alignctl eval wvs --model SmolLM2-135M-Instruct --between USA,CHN --template plain-zh-1,plain-zh-2"},
	}},
	"eval wvs-items": {examples: []example{{"", "alignctl eval wvs-items --between USA,CHN --top 50"}}},
	"eval score": {writes: true, examples: []example{
		{"", "alignctl eval score RUN"},
		{"the norms of its answers", "alignctl eval score --suite norms RUN"},
	}},
	"eval compare": {writes: true, examples: []example{{"", "alignctl eval compare AFTER BEFORE"}}},
	"eval suite": {writes: true, partial: "a model couldn't be measured", examples: []example{
		{"a file to start from", "alignctl eval suite --preset small --print"},
		{"what it would ask", "alignctl eval suite --dry-run grid.yaml"},
		{"", "alignctl eval suite grid.yaml"},
	}},

	"report": {examples: []example{
		{"the newest evaluation and what it belongs to", "alignctl report -o latest.html latest"},
		{"all runs of a suite", "alignctl report -o grid.html grid"},
		{"without drawings, to paste", "alignctl report -o latest.md latest"},
	}},
	"ui": {examples: []example{
		{"", "alignctl ui"},
		{"at an address that stays the same, for longer queries", "alignctl ui --port 8080 --timeout 5m"},
	}},

	"runs ls": {examples: []example{
		{"", "alignctl runs ls -n 10"},
		{"", "alignctl runs ls --kind train"},
	}},
	"runs tail": {examples: []example{{"", "alignctl runs tail"}}},
	"demo": {examples: []example{
		{"the whole chain", "alignctl demo"},
		{"only its files, as an example of a workspace", "alignctl demo --export workspace"},
	}},
	"doctor": {examples: []example{
		{"", "alignctl doctor"},
		{"train a tiny model on each backend", "alignctl doctor --self-test"},
	}},
	"completion": {examples: []example{
		{"bash", "source <(alignctl completion bash)"},
		{"zsh", "source <(alignctl completion zsh)"},
		{"fish", "alignctl completion fish | source"},
	}},
	"man": {examples: []example{
		{"", "alignctl man ~/.local/share/man/man1"},
	}},
	"version": {examples: []example{{"", "alignctl version"}}},
}
