"""What a model is asked: the instruction, expert rows, the post and its label."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi.build.explanations.prompting import (
    Experts,
    Prompting,
    read_experts,
    read_template,
    template_names,
)
from imhi.build.records import BuiltRow

QUESTION = "Does the poster suffer from depression?"


def a_row(post: str = "I have not slept since May", label: str = "yes", **more: str) -> BuiltRow:
    return BuiltRow(
        id="train-0", dataset="DR", split="train", post=post, question=QUESTION, label=label,
        human_label=label, post_id=more.get("post_id", "p"),
    )  # fmt: skip


def an_expert(number: int, label: str) -> Example:
    return Example(
        id=f"expert-{number}", dataset="DR", split="expert", post=f"expert post {number}",
        question=QUESTION, label=label, explanation=f"expert explanation {number}",
        post_id=f"e{number}",
    )  # fmt: skip


EXPERTS = Experts({"DR": [an_expert(n, "yes" if n < 4 else "no") for n in range(8)]})


def prompting(shots: int = 2, seed: int = 0, experts: Experts = EXPERTS) -> Prompting:
    return Prompting(read_template("stepwise"), experts, shots, seed)


def test_a_prompt_holds_instruction_examples_post_and_gold_label(registry: Registry) -> None:
    build = prompting().builder(registry.datasets.get("DR"))
    prompt = build(a_row())
    assert "Explain step by step" in prompt and "signs of depression" in prompt
    assert prompt.count("expert explanation") == 4
    assert prompt.rstrip().endswith(
        'Post: "I have not slept since May"\nQuestion: Does the poster suffer from depression?\n'
        "Answer given: Yes, the poster suffers from depression.\nReply:"
    )


def test_examples_are_stratified_by_label(registry: Registry) -> None:
    prompt = prompting(shots=3).builder(registry.datasets.get("DR"))(a_row())
    shown = Counter(
        "yes" if f"expert post {n}" in prompt and n < 4 else "no"
        for n in range(8)
        if f"expert post {n}" in prompt
    )
    assert shown == {"yes": 3, "no": 3}


def test_the_post_itself_is_never_its_own_example(registry: Registry) -> None:
    build = prompting(shots=4).builder(registry.datasets.get("DR"))
    prompt = build(a_row("expert post 2", post_id="e2"))
    assert "expert explanation 2" not in prompt and prompt.count("expert explanation") == 7


def test_examples_are_drawn_for_each_row_and_the_same_each_time(registry: Registry) -> None:
    dr = registry.datasets.get("DR")
    rows = [a_row(f"post {n}", post_id=f"p{n}") for n in range(12)]
    first = [prompting().builder(dr)(row) for row in rows]
    assert first == [prompting().builder(dr)(row) for row in rows]
    assert first != [prompting(seed=1).builder(dr)(row) for row in rows]
    assert len({prompt.partition("post ")[0] for prompt in first}) == 1
    assert len({prompt[: prompt.rindex("Post:")] for prompt in first}) > 3


def test_braces_in_a_post_are_left_alone(registry: Registry) -> None:
    prompt = prompting(0).builder(registry.datasets.get("DR"))(a_row("{label} {0} {{}} %s"))
    assert 'Post: "{label} {0} {{}} %s"' in prompt


def test_every_template_fills_for_every_dataset(registry: Registry) -> None:
    for name in template_names():
        for dataset in registry.datasets:
            row = BuiltRow(
                id="train-0", dataset=dataset.name, split="train", post="a post",
                question=dataset.questions[0].text, label=dataset.label_names[0],
                human_label=dataset.label_names[0], aspect=dataset.questions[0].aspect,
            )  # fmt: skip
            prompt = Prompting(read_template(name), Experts({}), 0, 0).builder(dataset)(row)
            assert dataset.labels[0].sentence in prompt and "{" not in prompt


def test_a_placeholder_that_nothing_fills_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("instruction: a\nexample: b\nask: '{pots}'\nconsider: {default: c}\n")
    with pytest.raises(HarnessError, match=r"ask: found the placeholder \{pots\}, expected one of"):
        read_template(str(path))


def test_a_source_without_expert_rows_is_refused(registry: Registry) -> None:
    with pytest.raises(HarnessError, match="has no split 'expert' of SAD"):
        read_experts("demo", registry, ["SAD"])


def test_the_published_expert_rows_make_examples(registry: Registry, imhi: Path) -> None:
    names = [d.name for d in registry.datasets if d.name != "CLP"]
    experts = read_experts(f"official:{imhi}", registry, names)
    assert {name: len(rows) for name, rows in experts.rows.items()} == dict.fromkeys(
        experts.rows, 35
    )
    irf = registry.datasets.get("IRF")
    row = BuiltRow(
        id="train-0", dataset="IRF", split="train", post="Nobody would notice",
        question=irf.questions[1].text, label="yes", human_label="yes",
        aspect=irf.questions[1].aspect,
    )  # fmt: skip
    prompt = prompting(2, experts=experts).builder(irf)(row)
    questions = [q.text for q in irf.questions]
    assert prompt.count(questions[1]) == 5 and prompt.count(questions[0]) == 0
