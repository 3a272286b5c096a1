"""The scheme that annotators are given: what comes with the project, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from imhi._core.errors import HarnessError
from imhi.build.human_evaluation.scheme import SHIPPED, load_scheme, scheme_digest


def test_the_shipped_scheme_has_the_criteria_of_the_paper() -> None:
    scheme = load_scheme()
    assert scheme.names == ("consistency", "reliability", "professionality", "overall")
    assert all(len(criterion.marks) == 4 for criterion in scheme.criteria)


def test_the_shipped_scheme_says_that_its_wording_is_ours() -> None:
    assert "wording here is\n# our own" in SHIPPED.read_text(encoding="utf-8")


def test_another_wording_is_another_digest(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text.replace("Useless or misleading.", "Useless."))
    (tmp_path / "same.yaml").write_text(f"# another comment\n{text}")
    assert scheme_digest(load_scheme(tmp_path / "own.yaml")) != scheme_digest(load_scheme())
    assert scheme_digest(load_scheme(tmp_path / "same.yaml")) == scheme_digest(load_scheme())


def criterion(**changes: object) -> dict[str, object]:
    marks = {0: "bad", 1: "poor", 2: "fair", 3: "good"}
    return {"name": "tone", "definition": "Is it kind?", "marks": marks, **changes}


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("- a\n- b", "found ['a', 'b'], expected the fields instruction and criteria"),
        ({"instruction": "Mark."}, "criteria: found nothing, expected a list of criteria"),
        ({"instruction": "Mark.", "criteria": []}, "criteria: found []"),
        ({"instruction": " ", "criteria": [criterion()]}, "instruction: found ' '"),
        (
            {"criteria": [criterion(weight=2)]},
            "criterion 1 (tone): found the unknown field 'weight'",
        ),
        ({"criteria": [criterion(name="Tone!")]}, "name: found 'Tone!', expected up to 30 small"),
        ({"criteria": [criterion(name="comment")]}, "'comment', expected another name"),
        ({"criteria": [criterion(), criterion()]}, "found 'tone' twice"),
        ({"criteria": [criterion(marks={0: "bad", 1: "good"})]}, "(tone): marks: found [0, 1]"),
        ({"criteria": [criterion(marks={**dict.fromkeys(range(5), "x")})]}, "[0, 1, 2, 3, 4]"),
        ({"criteria": [criterion(marks=3)]}, "marks: found 3, expected a text for each of 0, 1"),
        ({"criteria": [criterion(marks=dict.fromkeys(range(4), ""))]}, "marks: 0: found nothing"),
    ],
)
def test_a_scheme_that_is_none_is_refused_with_the_field(
    tmp_path: Path, value: object, complaint: str
) -> None:
    if isinstance(value, dict):
        value = yaml.safe_dump({"instruction": "Mark.", **value})
    path = tmp_path / "own.yaml"
    path.write_text(str(value), encoding="utf-8")
    with pytest.raises(HarnessError) as caught:
        load_scheme(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_scheme_that_is_not_there_or_no_yaml_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="there is no such file"):
        load_scheme(tmp_path / "none.yaml")
    (tmp_path / "own.yaml").write_text("instruction: [\n")
    with pytest.raises(HarnessError, match="not YAML"):
        load_scheme(tmp_path / "own.yaml")
