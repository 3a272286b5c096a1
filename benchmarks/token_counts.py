"""Tokens of a test set: how many a model reads and writes for a row, on average, by a real tokenizer.

    python benchmarks/token_counts.py --tokenizer FOLDER [--gguf-file NAME] [--source official:PATH]
        [--json FILE]

Counted are the prompts of every dataset, in the style ``instruction`` and as the tokenizer begins them,
and the reference answers. FOLDER holds a tokenizer as transformers reads it, or a GGUF file of that name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from imhi import RunSettings, load_plugins, resolve  # noqa: E402
from imhi._core.answer_format import compose  # noqa: E402
from imhi._core.context import Context  # noqa: E402

AT_ONCE = 256  # texts handed to the tokenizer


def counted(tokenizer: Any, texts: Sequence[str], begun: bool) -> int:
    """Return the tokens of all texts; ``begun``: with those that the tokenizer puts around them."""
    total = 0
    for start in range(0, len(texts), AT_ONCE):
        encoded = tokenizer(list(texts[start : start + AT_ONCE]), add_special_tokens=begun)
        total += sum(len(ids) for ids in encoded["input_ids"])
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokenizer", required=True, help="folder of a tokenizer")
    parser.add_argument("--gguf-file", help="name of a GGUF file in it")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    from transformers import AutoTokenizer

    named = {"gguf_file": options.gguf_file} if options.gguf_file else {}
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer, **named)
    registry = load_plugins().registry
    settings = RunSettings(source=options.source)
    style = registry.prompts.get("instruction")
    context = Context.of(settings, registry, style)
    build = resolve(style.build)(context)
    prompts, answers = [], []
    for name in context.select_datasets(settings):
        dataset = context.dataset(name)
        for example, request in context.requests(context.examples(name, "test"), build):
            prompts.append(request.prompt)
            answers.append(compose(dataset, example.label, example.explanation))
    found = {
        "rows": len(prompts),
        "prompt_tokens": counted(tokenizer, prompts, True) / len(prompts),
        "answer_tokens": counted(tokenizer, answers, False) / len(answers),
    }
    print(
        f"{found['rows']:,} rows: {found['prompt_tokens']:.1f} tokens of prompt and "
        f"{found['answer_tokens']:.1f} of answer a row"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
