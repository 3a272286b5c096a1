"""The model card: what the hub reads of it, what a person reads of it, and what must not be in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.finetune.recipe.reading import checked
from imhi.finetune.trained.card import write_card
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import TrainingManifest
from tests import tiny_models
from tests.finetune.trained.manifests import (
    COMMIT,
    HUB,
    a_classifier,
    a_demo_manifest,
    a_manifest,
    a_member,
    a_recipe,
    a_score,
)

LORA = {"name": "lora", "rank": 8, "targets": ["q_proj", "v_proj"]}
SIZE = {
    **{"parameters": 6_738_415_616, "layers": 32, "hidden_size": 4_096, "heads": 32},
    **{"intermediate_size": 11_008, "key_value_heads": 32, "vocabulary": 32_000},
    "source": "counted",
}
SCORES = [
    a_score("DR", "weighted_f1", 81.26),
    a_score("DR", "accuracy", 82.5),
    a_score("dreaddit", "weighted_f1", 70.04),
]


def adapter_manifest() -> TrainingManifest:
    recipe = a_recipe(base={"model": HUB, "revision": "main"}, method=LORA)
    return a_manifest(recipe, {"model": a_member(trainable=4_096)})


VARIETY: dict[str, Callable[[], TrainingManifest]] = {
    "from nothing": a_manifest,
    "scored": lambda: a_manifest(scores=SCORES),
    "demo": lambda: a_demo_manifest(scores=[a_score("DR", "accuracy", 50.0, source="demo")]),
    "adapter": adapter_manifest,
    "seq2seq": lambda: a_manifest(a_recipe(kind="seq2seq")),
    "chat": lambda: a_manifest(a_recipe(data={"chat_template": "on", "system": 'Say "so".'})),
    "system": lambda: a_manifest(a_recipe(data={"system": "Two\nlines, and ``` in them"})),
    "completion": lambda: a_manifest(a_recipe(data={"style": "completion"})),
    "zero-shot": lambda: a_manifest(a_recipe(data={"style": "zero-shot"})),
    "remote code": lambda: a_manifest(
        a_recipe(base={"model": HUB, "trust_remote_code": True}, method=LORA)
    ),
    "classifiers": a_classifier,
    "classifiers of explanations": lambda: a_classifier("explanation"),
    "classifying adapters": lambda: a_classifier(**LORA),
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[TrainingManifest], str]:
    """Write the card of a manifest; return its text."""

    def write(manifest: TrainingManifest) -> str:
        folder = TrainedFolder(tmp_path / "trained" / "mine")
        folder.path.mkdir(parents=True, exist_ok=True)
        return write_card(folder, manifest).read_text(encoding="utf-8")

    return write


def section(card: str, title: str) -> str:
    return card.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def snippet(card: str) -> str:
    found = re.findall(r"^```python\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(card: str) -> list[list[list[str]]]:
    """Return every table's rows of cells, as GitHub's Markdown finds them."""
    blocks = re.findall(r"(?:^\|.*\n)+", f"{card}\n", re.MULTILINE)
    return [[cells(line) for line in block.splitlines()] for block in blocks]


# --- what the hub reads --------------------------------------------------------------------------


@pytest.mark.parametrize("make", VARIETY.values(), ids=VARIETY)
def test_front_matter_is_read_and_written_by_the_hub_library_without_a_change(
    make: Callable[[], TrainingManifest], tmp_path: Path
) -> None:
    from huggingface_hub import ModelCard

    path = write_card(TrainedFolder(tmp_path), make())
    card = ModelCard.load(path)
    assert str(card) == path.read_text(encoding="utf-8")
    assert card.data.language == "en"
    assert {"imhi", "mental-health"} <= set(card.data.tags)
    assert "{" not in card.text.replace('{"role"', "")  # nothing of the template is left


@pytest.mark.parametrize(
    ("name", "library", "pipeline", "base", "relation"),
    [
        ("from nothing", "transformers", "text-generation", None, None),
        ("adapter", "peft", "text-generation", HUB, "adapter"),
        ("seq2seq", "transformers", "text2text-generation", HUB, "finetune"),
        ("classifiers", "transformers", "text-classification", HUB, "finetune"),
        ("classifying adapters", "peft", "text-classification", HUB, "adapter"),
    ],
)
def test_front_matter_says_library_task_and_base(
    name: str, library: str, pipeline: str, base: str | None, relation: str | None, tmp_path: Path
) -> None:
    from huggingface_hub import ModelCard

    data = ModelCard.load(write_card(TrainedFolder(tmp_path), VARIETY[name]())).data
    assert (data.library_name, data.pipeline_tag) == (library, pipeline)
    assert (data.base_model, data.get("base_model_relation")) == (base, relation)


def test_scores_stand_in_the_model_index_by_dataset_and_metric(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    folder = TrainedFolder(tmp_path / "mine")
    folder.path.mkdir()
    undefined = a_score("SAD", "accuracy", None)
    path = write_card(folder, a_manifest(scores=[*SCORES, undefined]))
    data = ModelCard.load(path).data
    assert data.model_name == "mine"
    found = [
        (r.dataset_name, r.dataset_split, r.metric_name, r.metric_value) for r in data.eval_results
    ]
    assert found == [
        ("DR", "test", "weighted F1", 81.26),
        ("DR", "test", "accuracy", 82.5),
        ("dreaddit", "test", "weighted F1", 70.04),
    ]
    first = data.eval_results[0]
    assert (first.task_type, first.dataset_type, first.metric_type) == (
        "text-generation",
        "imhi",
        "f1",
    )
    assert first.metric_args == {"average": "weighted", "low_95": 78.0, "high_95": 84.42}
    assert data.metrics == ["f1", "accuracy"]


def test_scores_on_demo_posts_pass_for_no_imhi_results(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(write_card(TrainedFolder(tmp_path), VARIETY["demo"]()))
    result = card.data.eval_results[0]
    assert (result.dataset_type, result.dataset_name) == ("imhi-demo", "DR (fictional demo posts)")
    assert "fictional-data" in card.data.tags


# --- what a person reads -------------------------------------------------------------------------


def test_scores_have_intervals_where_there_are_any(written: Any) -> None:
    bare = {**a_score("CLP", "weighted_f1", 60.0, n=1_299), "low": None, "high": None}
    found = tables(section(written(a_manifest(scores=[*SCORES, bare])), "Scores"))[0]
    assert found[0] == [
        *("dataset", "trained on it", "split (source)", "weighted F1", "accuracy"),
        *("rows", "unparsed", "failed", "labeler"),
    ]
    assert found[2:] == [
        [
            *("DR", "yes", "test (official)", "81.3 (78.0 to 84.4)", "82.5 (79.2 to 85.7)"),
            *("405", "12", "0", "`hybrid`"),
        ],
        [
            *("dreaddit", "no", "test (official)", "70.0 (66.8 to 73.2)", "–"),
            *("405", "12", "0", "`hybrid`"),
        ],
        ["CLP", "no", "test (official)", "60.0", "–", "1,299", "12", "0", "`hybrid`"],
    ]


def test_a_model_that_was_not_scored_says_so(written: Any) -> None:
    assert section(written(a_manifest()), "Scores").strip() == "Not scored yet."


def test_demo_posts_are_called_fictional_and_others_are_not(written: Any) -> None:
    notice = "Fictional demo posts: these are not IMHI results."
    demo = written(VARIETY["demo"]())
    assert notice in section(demo, "Scores")
    assert "Trained on fictional demo posts" in demo.split("\n## ")[0]
    official = written(a_manifest(scores=SCORES))
    assert "ictional" not in official


def test_every_hyper_parameter_stands_there_with_where_it_comes_from(written: Any) -> None:
    recipe = a_recipe(
        base={"model": HUB, "size": SIZE},
        training={"epochs": 10, "learning_rate": 1e-5},
        quoted={"training.epochs": "Table 9 | of a paper", "base.model": "the same"},
    )
    rows = tables(section(written(a_manifest(recipe)), "Hyper-parameters"))[0][2:]
    found = {name.strip("`"): (value.strip("`"), origin) for name, value, origin in rows}
    there = {
        name
        for name, value in checked(recipe, "test").fields()
        if value not in (None, "", [], {}) and name not in {"name", "summary", "base.size.source"}
    }
    assert set(found) == there
    assert found["training.epochs"] == ("10", r"Table 9 \| of a paper")
    assert found["base.model"] == (HUB, "the same")
    assert found["training.learning_rate"] == ("1e-05", "our choice")
    assert found["training.packing"] == ("false", "our choice")
    assert found["validation.examples"] == ("200", "our choice")
    # What a model measures is no choice.
    assert found["base.size.parameters"] == ("6738415616", "counted")
    others = {name for name, (_, origin) in found.items() if not origin.startswith("our choice")}
    sizes = {f"base.size.{name}" for name in SIZE if name != "source"}
    assert others == {"training.epochs", "base.model", *sizes}


def test_what_had_no_effect_is_not_shown_as_if_it_had(written: Any) -> None:
    def origin(manifest: TrainingManifest, field: str) -> str:
        rows = tables(section(written(manifest), "Hyper-parameters"))[0]
        return next(row[2] for row in rows if row[0] == f"`{field}`")

    assert "without effect" in origin(a_manifest(), "method.rank")
    assert origin(adapter_manifest(), "method.rank") == "our choice"
    assert "without effect" in origin(a_classifier(), "training.loss_on")
    assert origin(a_manifest(), "training.loss_on") == "our choice"


def test_whole_models_adapters_and_quantised_bases_are_told_apart(written: Any) -> None:
    def facts(manifest: TrainingManifest) -> dict[str, str]:
        rows = tables(section(written(manifest), "What it is"))[0]
        return {row[0]: row[1] for row in rows[2:]}

    whole = facts(a_manifest())
    assert whole["Base model"].startswith("none: made from nothing, with random weights (llama, 2")
    assert whole["Method"] == "all weights are trained"
    adapter = facts(adapter_manifest())
    assert adapter["Method"] == "LoRA adapters; rank 8, alpha 32, on q_proj, v_proj"
    assert adapter["Parameters"] == "4,096 trained of 651,904"
    link = f"[{HUB}](https://huggingface.co/{HUB}), revision `{COMMIT}` (asked for as `main`)"
    assert adapter["Base model"] == link
    four_bit = a_recipe(base={"model": HUB}, method={**LORA, "name": "qlora"})
    assert facts(a_manifest(four_bit))["Method"].startswith(
        "QLoRA: LoRA adapters, the base in 4 bit"
    )


def test_several_models_have_a_line_each(written: Any) -> None:
    card = written(a_classifier())
    whole = tables(section(card, "What it is"))[1]
    assert [row[:3] for row in whole[2:]] == [
        ["`DR/`", "DR", "yes, no"],
        ["`SAD/`", "SAD", "school, work, other"],
    ]
    rows = tables(section(card, "Training data"))[0]
    assert rows[2] == ["`DR`", "1,003", "430", "160,486", "256", "21", "7"]
    curves = tables(section(card, "Curves"))[0]
    assert curves[2] == ["`DR`", "60", "3.00", "1.050", "1.250", "–"]


def test_training_data_are_known_by_their_checksums(written: Any) -> None:
    found = tables(section(written(a_manifest()), "Training data"))[1]
    assert found[2:] == [
        ["DR", "train", f"`{'aa' * 32}`"],
        ["DR", "val", f"`{'bb' * 32}`"],
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "validated on val (where there is none: on 10% of the training posts, held out)."),
        ({"held_out": 0}, "validated on val."),
        ({"validation": []}, "validated on 10% of the training posts, held out."),
        ({"validation": [], "held_out": 0}, "not validated."),
    ],
)
def test_the_rows_it_was_validated_on_are_named(
    data: dict[str, Any], said: str, written: Any
) -> None:
    manifest = a_manifest(a_recipe(data={"train": ["train", "extra"], **data}))
    assert f"Trained on train, extra, {said}" in written(manifest)


def test_labels_that_follow_a_language_model_are_named(written: Any) -> None:
    members = {"model": a_member(("DR", "CAMS", "IRF"))}
    said = "The released labels of CAMS, IRF partly follow"
    assert said in section(written(a_manifest(members=members)), "Intended use and limits")
    assert "released labels" not in written(a_manifest())
    # Those of the demo posts do not: they were made up.
    assert "released labels" not in written(a_demo_manifest(members=members))


@pytest.mark.parametrize("make", VARIETY.values(), ids=VARIETY)
def test_every_card_says_what_it_is_not_for(make: Any, written: Any) -> None:
    limits = section(written(make()), "Intended use and limits")
    for said in ("Research only", "No output is a diagnosis", "Posts are sensitive", "English"):
        assert said in limits


def test_curves_are_shown_where_they_were_drawn(tmp_path: Path) -> None:
    folder = TrainedFolder(tmp_path)
    assert "![" not in write_card(folder, a_manifest()).read_text(encoding="utf-8")
    (tmp_path / "curves.png").write_bytes(b"")
    assert "![curves](curves.png)" in write_card(folder, a_manifest()).read_text(encoding="utf-8")


def test_the_best_measurement_is_named_where_its_weights_were_kept(written: Any) -> None:
    kept = section(written(a_manifest(members={"model": a_member(best=40)})), "Curves")
    assert "55.0 (update 40)" in kept and "those of the best validation score" in kept
    assert "those after the last update" in section(written(a_manifest()), "Curves")


def test_time_before_a_resumption_is_not_claimed(written: Any) -> None:
    resumed = {**a_member(), "resumed_from": "checkpoint-20"}
    card = written(a_manifest(members={"model": resumed}))
    assert "0:07:26 (hours:minutes:seconds), without what was done before" in card
    assert "without what was done before" not in written(a_manifest())


# --- how to use it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("from nothing", "imhi run --model trained:mine --source official:PATH"),
        ("demo", "imhi run --model trained:mine"),
        (
            "classifiers",
            "imhi run --model trained:mine --source official:PATH --dataset DR --dataset SAD",
        ),
        (
            "classifiers of explanations",
            "imhi run --model MODEL --labeler trained:mine --source official:PATH --dataset DR "
            "--dataset SAD",
        ),
        (
            "chat",
            "imhi run --model trained:mine --source official:PATH --system 'Say \"so\".'",
        ),
    ],
)
def test_the_command_asks_it_as_it_was_trained(name: str, command: str, written: Any) -> None:
    found = re.findall(r"^```sh\n(.*?)\n```$", written(VARIETY[name]()), re.DOTALL | re.MULTILINE)
    assert found == [command]


@pytest.mark.parametrize(
    ("name", "used", "not_used"),
    [
        ("from nothing", ["AutoModelForCausalLM", "shape[1]:"], ["peft", "chat_template"]),
        ("adapter", ["PeftModel", HUB, COMMIT, "AutoModelForCausalLM"], ["num_labels"]),
        ("seq2seq", ["AutoModelForSeq2SeqLM", "output[0],"], ["shape[1]"]),
        ("chat", ["apply_chat_template", '"system"'], ["tokenizer(prompt"]),
        ("system", [r'prompt = "Two\nlines, and ``` in them\n\n" + prompt'], ["chat_template"]),
        ("completion", ['prompt = "Post: POST Question: STEM"'], ["Consider this post"]),
        ("zero-shot", ["imhi run --dry-run --prompt zero-shot"], ["Consider this post"]),
        ("remote code", ["trust_remote_code=True"], []),
        ("classifiers", ["AutoModelForSequenceClassification", '"DR"', '"POST"'], ["generate"]),
        ("classifiers of explanations", ['"EXPLANATION"'], ["POST", "generate"]),
        ("classifying adapters", ["PeftModel", "num_labels=2", '["yes", "no"]'], ["generate"]),
    ],
)
def test_the_code_is_that_of_its_kind(
    name: str, used: list[str], not_used: list[str], written: Any
) -> None:
    code = snippet(written(VARIETY[name]()))
    ast.parse(code)
    assert [part for part in used if part not in code] == []
    assert [part for part in not_used if part in code] == []


def test_the_prompt_of_the_code_is_the_one_the_harness_asks(
    written: Any, registry: Registry
) -> None:
    code = snippet(written(a_manifest()))
    lines = [line for line in ast.parse(code).body if isinstance(line, ast.Assign)]
    assigned = next(line for line in lines if ast.unparse(line.targets[0]) == "prompt")
    form = ast.literal_eval(assigned.value)
    context = Context(registry, open_source("demo", registry)[1], "test")
    build = resolve(registry.prompts.get("instruction").build)(context)
    example = next(iter(context.examples("DR", "test")))
    asked = build(example, context.dataset("DR"))
    assert form.replace("QUESTION", example.question).replace("POST", example.post) == asked


def test_a_dataset_of_several_questions_is_read_with_its_question(written: Any) -> None:
    recipe = a_recipe(kind="classifier", data={"per": "question", "datasets": ["IRF"]})
    members = {"IRF-belonging": a_member(("IRF",), aspect="belonging", labels=["yes", "no"])}
    code = snippet(written(a_manifest(recipe, members)))
    assert '"POST", "QUESTION", truncation="only_first"' in code
    assert "QUESTION" not in snippet(written(a_classifier()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["from nothing", "chat", "system", "seq2seq", "adapter", "classifiers", "classifying adapters"],
)
def test_the_code_runs_on_a_model_that_was_really_saved(
    name: str, written: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    manifest = VARIETY[name]()
    place, base = tmp_path / next(iter(manifest.members)), tmp_path / "base"
    if manifest.recipe.kind == "seq2seq":
        tiny_models.save_seq2seq(place)
    elif manifest.recipe.kind == "classifier":
        tiny_models.save_classifier(place, ["yes", "no"])
    else:
        template = tiny_models.CHAT_TEMPLATE if name == "chat" else None
        tiny_models.save_causal(place, chat_template=template)
    code = snippet(written(manifest)).replace("max_new_tokens=512", "max_new_tokens=16")
    if manifest.recipe.method.name == "lora":
        _put_adapter(place, base, manifest.recipe.kind)
        code = code.replace(f'"{HUB}"', f'"{base}"').replace(f'revision="{COMMIT}",', "")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "the card's code", "exec"), {})
    out = capsys.readouterr().out
    if manifest.recipe.kind == "classifier":
        probabilities = ast.literal_eval(out)
        assert set(probabilities) == {"yes", "no"}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)
    else:
        assert out.strip() and "Consider this post" not in out


def _put_adapter(place: Path, base: Path, kind: str) -> None:
    """Make the model in ``place`` the base, and leave an adapter and the tokenizer there."""
    import peft
    import transformers

    causal = kind == "causal"
    auto = "AutoModelForCausalLM" if causal else "AutoModelForSequenceClassification"
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    place.rename(base)
    config = peft.LoraConfig(
        r=4,
        task_type="CAUSAL_LM" if causal else "SEQ_CLS",
        target_modules=["q_proj", "v_proj"] if causal else ["query", "value"],
    )
    model = peft.get_peft_model(getattr(transformers, auto).from_pretrained(base), config)
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)


# --- what must not be in it ----------------------------------------------------------------------


def test_nothing_says_whose_machine_it_was(tmp_path: Path) -> None:
    home = "/home/jane doe"
    recipe = a_recipe(
        base={"model": f"{home}/models/llama"},
        data={"source": f"official:{home}/imhi"},
        method=LORA,
        validation={"labeler": f"classifier:{home}/readers"},
        notes=["see file:///home/jane/notes.md and C:\\Users\\jane\\notes.md"],
        quoted={"training.epochs": "measured in ~jane/runs, ../jane/runs and \\\\jane\\runs"},
    )
    folder = TrainedFolder(tmp_path / "jane doe" / "mine")
    folder.path.mkdir(parents=True)
    manifest = a_manifest(
        recipe,
        source=f"official:{home}/imhi",
        notes=[
            f"{home}/models/llama: its tokenizer has no pad token, so </s> fills up short rows",
            f"{folder.path}/base/model was made",
            "official:/jane was read ('/home/jane/imhi/train.csv')",
        ],
        scores=[
            a_score(
                *("DR", "accuracy", 50.0),
                source=f"official:{home}/imhi",
                labeler=f"trained:{home}/readers",
                run=f"{home}/runs/a",
            )
        ],
    )
    base = manifest.depends_on.model_copy(update={"base": f"sha256:{'cd' * 32}"})
    card = write_card(folder, manifest.model_copy(update={"depends_on": base})).read_text(
        encoding="utf-8"
    )
    assert "jane" not in card
    assert "/home" not in card
    assert str(tmp_path) not in card
    # What remains says what it was.
    assert "`classifier:(local path)`" in card and "`trained:(local path)`" in card
    assert "(local path): its tokenizer has no pad token" in card
    assert f"known by its model files: `sha256:{'cd' * 32}`" in card
    assert '"BASE_MODEL",  # the folder of the base model' in snippet(card)
    assert "| `data.source` | `official` |" in card


def test_what_only_looks_like_a_path_stays(written: Any) -> None:
    notes = [
        "from https://example.org/a/b and example-lab/small-llama",
        "20/30 of them, and/or more, 3 / 4 of n/a; ~5/10",
    ]
    card = written(a_manifest(notes=notes))
    assert notes[0] in card
    assert notes[1].replace("~", "\\~") in card
    asked = written(a_manifest(a_recipe(data={"system": "/no_think"})))
    assert 'prompt = "/no_think\\n\\n" + prompt' in snippet(asked)


HOSTILE = "a | b\nc `d` *e* <script>f</script> [g](h) {{ i }} \\| # j"


def test_free_text_breaks_no_table_and_brings_no_mark_up(tmp_path: Path) -> None:
    recipe = a_recipe(
        summary=HOSTILE,
        data={"system": HOSTILE},
        hardware={"gpu": HOSTILE},
        quoted={"training.epochs": HOSTILE},
        notes=[HOSTILE, "# no heading"],
    )
    scores = [a_score(HOSTILE, "accuracy", 50.0, split=HOSTILE, labeler=HOSTILE)]
    members = {"model": a_member((HOSTILE, "DR"), labels=[HOSTILE, "no"])}
    folder = TrainedFolder(tmp_path / HOSTILE.replace("/", ""))
    folder.path.mkdir()
    card = write_card(folder, a_manifest(recipe, members, scores=scores)).read_text(
        encoding="utf-8"
    )
    body = card.split("\n---\n", 1)[1]
    for table in tables(body):
        assert len({len(row) for row in table}) == 1, table
    prose = re.sub(r"^```.*?^```$", "", body, flags=re.DOTALL | re.MULTILINE)
    prose = re.sub(r"(?<!\\)(`+) ?.*?[^`]\1(?!`)", "", prose)
    assert "<script>" not in prose
    assert "](h)" not in prose.replace(r"\](h)", "")
    assert "&lt;script&gt;" in prose
    assert r"\# no heading" in prose
    assert re.findall(r"^#{1,6} .*", prose, re.MULTILINE)[1:] == [
        *("## What it is", "## How to use it", "## Scores", "## Training data"),
        *("## Hyper-parameters", "## Curves", "## Environment", "## Notes"),
        "## Intended use and limits",
    ]


def test_a_fence_in_a_system_prompt_does_not_end_the_command(written: Any) -> None:
    card = written(a_manifest(a_recipe(data={"system": "Read\n```\nthis"})))
    command = re.search(r"^(`{3,})sh\n(.*?)\n\1$", card, re.DOTALL | re.MULTILINE)
    assert command is not None and command[2].endswith("--system 'Read\n```\nthis'")


@pytest.mark.parametrize("make", VARIETY.values(), ids=VARIETY)
def test_tables_are_whole(make: Any, written: Any) -> None:
    card = written(make())
    found = tables(card)
    assert len(found) >= 5
    for table in found:
        assert set(table[1]) <= {"---", "---:"}
        assert len({len(row) for row in table}) == 1, table
    assert "\n\n\n" not in card
