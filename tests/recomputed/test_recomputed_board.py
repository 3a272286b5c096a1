"""Every figure on the pages of a board, made again from the run folders that were submitted: three
entries of one display name, one of which left rows without an answer.

Read are the JSON lines of the run folders, with scikit-learn and scipy.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from imhi._core.cli import app
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi.plugins.leaderboard.site.building import build_site
from tests.plugins.leaderboard.entries import a_board
from tests.plugins.leaderboard.submitted_runs import DATASETS, METRICS, demo_run, packed

NONE = "(none)"
NAMES = ("Linden", "Harbour", "Quartz")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Came:
    """What came of one run on one dataset, from its JSON lines."""

    def __init__(self, run: Path, dataset: str) -> None:
        examples = lines(run / "examples" / f"{dataset}.jsonl")
        answered = {row["id"] for row in lines(run / "responses" / f"{dataset}.jsonl")}
        read = {
            row["id"]: row.get("label") or NONE
            for row in lines(run / "predictions" / "hybrid" / f"{dataset}.jsonl")
        }
        gold, said = [row["label"] for row in examples], [read[row["id"]] for row in examples]
        self.ids = [row["id"] for row in examples]
        self.right = np.array(gold) == np.array(said)
        labels = sorted(set(gold))
        self.f1 = 100 * f1_score(gold, said, labels=labels, average="weighted", zero_division=0)
        self.n = len(gold)
        self.unanswered = sum(id not in answered for id in self.ids)
        self.unparsed = sum(
            id in answered and label == NONE for id, label in zip(self.ids, said, strict=True)
        )


class Rows(HTMLParser):
    """The rows of the tables of a page: its captions' tables, each row with cells and links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tables: dict[str, list[tuple[list[str], list[str]]]] = {}
        self._caption, self._cells, self._links = "", [], []
        self._in = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "caption":
            self._caption, self._in = "", "caption"
        elif tag == "tr":
            self._cells, self._links = [], []
        elif tag in {"td", "th"}:
            self._cells.append("")
            self._in = "cell"
        elif tag == "a" and self._in == "cell":
            self._links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"caption", "td", "th"}:
            self._in = ""
        elif tag == "tr":
            cells = [" ".join(cell.split()) for cell in self._cells]
            self.tables.setdefault(" ".join(self._caption.split()), []).append((cells, self._links))

    def handle_data(self, data: str) -> None:
        if self._in == "caption":
            self._caption += data
        elif self._in == "cell":
            self._cells[-1] += data

    def table(self, begins: str) -> list[tuple[dict[str, str], list[str]]]:
        """The rows of the table whose caption begins so, cells by head, and the row's links."""
        (rows,) = [rows for caption, rows in self.tables.items() if caption.startswith(begins)]
        heads = rows[0][0]
        return [(dict(zip(heads, cells, strict=True)), links) for cells, links in rows[1:]]


@pytest.fixture(scope="module")
def made(
    manager: PluginManager, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, dict[str, Came]]]]:
    """A site, and what is known of each entry by its id."""
    place = tmp_path_factory.mktemp("board")
    board = a_board(place / "board", synthetic=True, source="demo", datasets=list(DATASETS))
    (board / "entries").mkdir()
    known = {}
    runs = [demo_run(manager, place / "a"), demo_run(manager, place / "b", "baseline:majority")]
    runs.append(demo_run(manager, place / "c"))
    for name in DATASETS:  # each example gets the answer of another, with a word of its own
        answers = lines(path := runs[2].file("responses", name))
        said = [answers[at - 1]["text"] + f" {at} times" for at in range(len(answers))]
        turned = [{**row, "text": text} for row, text in zip(answers, said, strict=True)]
        path.write_text("".join(json.dumps(row) + "\n" for row in turned))
    lacking = runs[2].file("responses", "IRF")
    lacking.write_text("".join(line + "\n" for line in lacking.read_text().splitlines()[:-9]))
    empty = runs[2].file("responses", "SAD")
    rows = [{**row, "text": "", "label": None} for row in lines(empty)[:3]] + lines(empty)[3:]
    kept = [{key: value for key, value in row.items() if value is not None} for row in rows]
    empty.write_text("".join(json.dumps(row) + "\n" for row in kept))
    again = ["label", str(runs[2].path), "--resamples", "100"]
    assert app.run([*again, *(word for name in METRICS for word in ("--metric", name))]) == 1
    for number, run in enumerate(runs):
        file = place / f"{number}.zip"
        file.write_bytes(packed(run, manager, NAMES[number]))
        before = {path.name for path in (board / "entries").iterdir()}
        verify = ["leaderboard", "verify", str(file), "--source", "demo", "--board", str(board)]
        assert app.run([*verify, "--add"]) == 0
        (added,) = {path.name for path in (board / "entries").iterdir()} - before
        # Verification takes no name twice; who keeps a board may write one.
        path = board / "entries" / added / "entry.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "name": "Same"}))
        known[added] = {name: Came(run.path, name) for name in DATASETS}
    build_site(board, place / "site", registry)
    yield place / "site", known


def entry_of(links: Sequence[str]) -> str:
    (link,) = [link for link in links if "models/" in link]
    return Path(link).stem


def share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f}"


def mean(came: Mapping[str, Came]) -> float:
    return float(np.mean([one.f1 for one in came.values()]))


def test_the_first_page_has_each_entrys_own_figures(made) -> None:
    site, known = made
    values = {name: mean(came) for name, came in known.items()}
    rows = Rows(site / "index.html").table("Mean weighted F1")
    assert {entry_of(links) for _, links in rows} == set(known)
    assert sum(one.unanswered for came in known.values() for one in came.values()) == 9
    assert sum(one.unparsed for came in known.values() for one in came.values()) >= 3
    for row, links in rows:
        came = known[entry_of(links)]
        assert row["Mean over datasets"].split()[0] == f"{mean(came):.1f}"
        assert row["Mean over tasks"].split()[0] == f"{mean(came):.1f}", "a task has one dataset"
        rank = 1 + sum(other > values[entry_of(links)] + 1e-9 for other in values.values())
        assert row["Rank"].split()[0] == str(rank)
        n = sum(one.n for one in came.values())
        unanswered = sum(one.unanswered for one in came.values())
        assert row["Unparsed %"] == share(sum(one.unparsed for one in came.values()), n)
        assert row["Unanswered %"] == share(unanswered, n)
        named = f"{unanswered} of {n} not answered"
        assert (named in row["Model"]) == bool(unanswered)
    for row, links in Rows(site / "index.html").table("Weighted F1 on each dataset"):
        for dataset in DATASETS:
            assert row[dataset] == f"{known[entry_of(links)][dataset].f1:.1f}"


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_page_of_a_dataset_has_each_entrys_own_figures(made, dataset: str) -> None:
    site, known = made
    rows = Rows(site / "datasets" / f"{dataset.lower()}.html").table(f"Weighted F1 on {dataset}")
    assert len(rows) == len(known)
    for row, links in rows:
        came = known[entry_of(links)][dataset]
        assert row["Weighted F1"].split()[0] == f"{came.f1:.1f}"
        assert row["Unparsed %"] == share(came.unparsed, came.n)
        assert row["Unanswered %"] == share(came.unanswered, came.n)


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for how many there are (Holm 1979)."""
    order = np.argsort(p_values)
    raised = np.maximum.accumulate([p_values[at] * (len(order) - k) for k, at in enumerate(order)])
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(raised, 1)
    return corrected.tolist()


def signed(value: float) -> str:
    text = f"{value:+.1f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def test_a_p_value_stands_beside_the_difference_that_it_tests(made) -> None:
    site, known = made
    seen = 0
    for name, came in known.items():
        page = Rows(site / "models" / f"{name}.html")
        text = (site / "models" / f"{name}.html").read_text(encoding="utf-8")
        against = re.findall(r'<p><a href="\.\./models/([^"]*)\.html">Same</a>', text)
        tables = [rows for caption, rows in page.tables.items() if " against " in caption]
        # Captions are alike where names are: the rows of all tests follow each other.
        rows = [row for table in tables for row in table]
        heads = [cells for cells, _ in rows if cells[0] == "Dataset"]
        assert len(heads) == len(against)
        body = iter([cells for cells, _ in rows if cells[0] != "Dataset"])
        for other in against:
            a, b = came, known[other]
            alone = [
                (int((a[d].right & ~b[d].right).sum()), int((b[d].right & ~a[d].right).sum()))
                for d in DATASETS
            ]
            p = holm([binomtest(x, x + y, 0.5).pvalue if x + y else 1.0 for x, y in alone])
            for dataset, (own, its), corrected in zip(DATASETS, alone, p, strict=True):
                row = dict(zip(heads[0], next(body), strict=True))
                difference = 100 * (a[dataset].right.mean() - b[dataset].right.mean())
                assert row["Dataset"].startswith(dataset)
                assert row["Examples"] == str(a[dataset].n)
                assert (row["Only this right"], row["Only other right"]) == (str(own), str(its))
                assert row["Difference of accuracy"] == signed(difference)
                shown = "<0.001" if corrected < 0.001 else f"{corrected:.3f}"
                assert row["its p (Holm)"] == shown
                assert row["Below 0.05"] == ("yes" if corrected < 0.05 else "no")
                f1 = row["Difference of weighted F1, not tested"]
                assert f1 == signed(a[dataset].f1 - b[dataset].f1)
                lacking = [n for n in (a[dataset].unanswered, b[dataset].unanswered) if n]
                assert all(f"{n} not answered" in row["Dataset"] for n in lacking)
                seen += 1
    assert seen >= 2 * len(known)


def test_the_page_of_an_entry_says_what_has_no_label_and_why(made) -> None:
    site, known = made
    for name, came in known.items():
        for row, _ in Rows(site / "models" / f"{name}.html").table("Weighted F1 by dataset"):
            one = came[row["Dataset"].split()[0]]
            assert row["Weighted F1"].split()[0] == f"{one.f1:.1f}"
            assert row["Examples"] == str(one.n)
            assert row["Unparsed %"] == share(one.unparsed, one.n)
            assert row["Unanswered %"] == share(one.unanswered, one.n)


def test_the_downloads_have_the_same_figures(made) -> None:
    site, known = made
    tables = [
        list(csv.DictReader(io.StringIO((site / "data" / "leaderboard.csv").read_text()))),
        json.loads((site / "data" / "leaderboard.json").read_text())["rows"],
    ]
    for table in tables:
        assert len([row for row in table if row["over"] == "dataset"]) == 9
        for row in table:
            came = known[row["id"]]
            of = [came[row["dataset"]]] if row["over"] == "dataset" else list(came.values())
            assert float(row["value"]) == pytest.approx(np.mean([one.f1 for one in of]), abs=2e-6)
            counts = [int(row[k]) for k in ("n", "unparsed", "unanswered")]
            assert counts == [
                sum(getattr(one, k) for one in of) for k in ("n", "unparsed", "unanswered")
            ]
    (line,) = re.findall(r'id="board-data">(.*?)</script>', (site / "compare.html").read_text())
    for entry in json.loads(line)["entries"]:
        came = known[entry["id"]]
        shown = [score[0] for score in entry["scores"]]
        assert shown == pytest.approx([mean(came), *(came[d].f1 for d in DATASETS)], abs=1e-3)


def test_no_page_has_minus_nothing(made) -> None:
    site, _ = made
    for path in (p for p in site.rglob("*") if p.suffix in {".html", ".csv", ".json", ".xml"}):
        shown = re.sub(r"<[^>]*>", " ", path.read_text())  # a checksum in a tag is no figure
        assert not re.search(r"(?<![\w.])[-−]0?\.?0+(?![\w.])", shown), path
