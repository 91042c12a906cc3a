"""Conversations as transformers renders them: train/lm/testdata/tokens/golden_chat.json.

usage: python chat.py FOLDER > golden_chat.json

FOLDER holds the folders smollm2, llama3_1, qwen2_5 and qwen3, each with the
published tokenizer_config.json. Only what the templates render is kept, never
the templates. Needs transformers and jinja2.
"""

import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

FAMILIES = {"smollm2": "smollm2", "llama31": "llama3_1", "qwen25": "qwen2_5", "qwen3": "qwen3"}


def turns(*contents, system=None):
    """A conversation of alternating user and assistant turns."""
    messages = [] if system is None else [{"role": "system", "content": system}]
    roles = ("user", "assistant")
    return messages + [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]


CONVERSATIONS = [
    turns("What is near the sea?"),
    turns("What is near the sea?", system="Answer in three words."),
    turns("  blanks \t around \n\n", system="  and here \n"),
    turns("", system=""),
    turns("one", "", "two"),
    turns("a", "b", "c", "d", "e", system="Several turns."),
    turns("a", "b", "c", "d"),
    turns("给出与“海洋”相关的三个词。", "水，鱼，船", "再来三个", system="你是一个词语联想助手。"),
    turns("ocean → café, naïve, e\u0301, 🙂👩‍👩‍👧", system="L'été d'Œdipe"),
    turns("<b>&amp;</b> \"quoted\" 'single' \\n \\", system="{{ x }} {% raw %} {# c #}"),
    turns("<|im_end|> <|eot_id|> </s> written out", "<|im_start|>"),
    turns("line one\nline two\r\nline three\u2028four\u00a0five\u3000six"),
    turns("x" * 300 + " " + "词" * 100, "y"),
    turns("\x07\x1b[1m control \x7f", "ok", system="\ufeffmark"),
]


def main():
    folder = Path(sys.argv[1])
    golden = []
    for family, name in FAMILIES.items():
        config = json.loads((folder / name / "tokenizer_config.json").read_text())
        special = {k: v["content"] if isinstance(v, dict) else v or ""
                   for k, v in ((k, config.get(k)) for k in ("bos_token", "eos_token"))}
        for messages in CONVERSATIONS:
            for prompt in (False, True):
                rendered, _ = render_jinja_template([messages], chat_template=config["chat_template"],
                                                    add_generation_prompt=prompt, **special)
                golden.append({"model": family, "messages": messages, "prompt": prompt, "text": rendered[0]})
    print("[\n" + ",\n".join(json.dumps(g, ensure_ascii=True) for g in golden) + "\n]")


main()
