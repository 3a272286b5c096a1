"""LaTeX tables: the numbers of the comparison, whatever texts stand beside them, and they compile."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from imhi._core.comparing import ModelValue
from imhi.plugins.report.tables.latex_text import breakable, latex_text
from tests.plugins.report.compared_by_hand import (
    F1,
    SCORES,
    comparison,
    hostile,
    latex_rows,
    written,
)


def test_latex_has_a_table_for_each_metric_with_the_same_values() -> None:
    text = written("latex", comparison())
    assert re.findall(r"\\label\{(.*?)\}", text) == ["tab:imhi-weighted-f1", "tab:imhi-unparsed"]
    assert r"\caption{weighted\_f1 of 3 runs (higher is better); official:imhi, split test}" in text
    rows = latex_rows(text)
    assert rows[0] == ["model", "DR", "SAD", "mean over datasets", r"unparsed (\%)"]
    assert rows[1] == [
        "first",
        r"\imhivalue{\imhibest{80.0}}{78.0}{83.0}",
        r"\imhivalue{\imhinear{60.0}}{58.0}{63.0}",
        r"\imhivalue{\imhibest{70.0}}{68.0}{73.0}",
        "$1.5$",
    ]


def test_latex_puts_published_rows_below_a_rule_in_italics() -> None:
    text = written("latex", comparison())
    published = text.split("published, not measured here", 1)[1].split(r"\bottomrule")[0]
    assert text.split("published, not measured here")[0].splitlines()[-2].strip() == r"\midrule"
    assert r"\textit{Ro\_BERTa} & \textit{95.1} & -- & -- & --" in published
    assert "Source: Paper A, Table 2; quoted." in text


def test_latex_says_at_the_top_what_the_numbers_are() -> None:
    head = written("latex", comparison(synthetic=True)).split(r"\providecommand")[0]
    assert all(line.startswith("% ") for line in head.strip().splitlines())
    for part in ("hybrid", "official:imhi, split test", "resamples 10000, seed 7", "fictional"):
        assert part in head
    assert "first: run-0" in head


def test_many_columns_are_folded_and_a_table_too_tall_for_a_page_becomes_several() -> None:
    datasets = [f"data{n}" for n in range(12)]

    def many(runs: int) -> str:
        names = [f"model{n}" for n in range(runs)]
        values = [
            ModelValue("weighted_f1", d, "", name, 50.0 + n, 49.0, 51.0, n + 1, 1, runs)
            for d in datasets
            for n, name in enumerate(names)
        ]
        return written(
            "latex",
            comparison(
                {name: SCORES["first"] for name in names},
                [F1],
                datasets=datasets,
                values=values,
                pairs=[],
            ),
        )

    few, lots = many(3), many(20)
    for text, runs in ((few, 3), (lots, 20)):
        rows = latex_rows(text)
        assert max(map(len, rows)) == 5
        assert sum(cell.startswith(r"\imhivalue") for row in rows for cell in row) == 12 * runs
        assert all(name in text for name in datasets)
    assert few.count(r"\begin{table}") == 1
    assert lots.count(r"\begin{table}") == 3
    assert len(set(re.findall(r"\\label\{(.*?)\}", lots))) == 3
    assert "(part 3 of 3)" in lots


# What the layout uses, and what stands for characters; nothing else may occur.
COMMANDS = set(
    re.findall(
        r"\\(?:[a-zA-Z]+|.)",
        r"""
        \allowbreak \begin \bottomrule \caption \centering \end \footnotesize \heavyrulewidth
        \imhibest \imhinear \imhivalue \label \linewidth \mathbf \midrule \multicolumn \par \parbox
        \providecommand \raggedright \setlength \shortstack \small \smallskip \strut \tabcolsep
        \textit \toprule \\ \, \char \dagger \O \textasciicircum \textasciitilde \textbackslash
        \textbar \textgreater \textless \{ \} \$ \& \# \% \_ \' \" \.
        """,
    )
)


def test_no_text_of_a_stranger_is_a_command_in_latex() -> None:
    text = written("latex", *hostile())
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    code = "\n".join(lines)
    assert set(re.findall(r"\\(?:[a-zA-Z]+|.)", code)) <= COMMANDS
    assert "^^" not in code and code.isascii()
    assert not re.search(r"(?<!\\)%(?! value, lower)", code)
    bare = re.sub(r"\\[\\{}]", "", code)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert code.count(r"\begin{tabular}") == code.count(r"\end{tabular}") == 2
    latex_rows(text)  # as many cells in each row as there are columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("50% of $5 & #1_a", r"50\% of \$5 \& \#1\_a"),
        ("~x^2", r"\textasciitilde{}x\textasciicircum{}2"),
        ("a--b ?` '' <<", r"a-{}-b ?{}` '{}' \textless{}\textless{}"),
        ("Müller, é, í, č", r"M\"{u}ller, \'{e}, \'{\i{}}, \v{c}"),
        ("9–10 — †", r"9--10 --- $\dagger$"),
        ("模\N{ROBOT FACE}", "U+6A21U+1F916"),
        ("[x]* \t\n y", "{[}x{]}{*} y"),
        ("u\N{COMBINING DIAERESIS}", r"\"{u}"),
    ],
)
def test_texts_are_escaped_for_latex(text: str, expected: str) -> None:
    assert latex_text(text) == expected


def test_long_names_may_be_broken_and_lose_nothing() -> None:
    name = "hf:klyang/MentaLLaMA-chat-13B,dtype=bfloat16 " + "x" * 40
    assert breakable(name).replace(r"\allowbreak{}", "") == latex_text(name)
    assert max(map(len, re.split(r"\\allowbreak\{\}| ", breakable(name)))) <= 19
    cell = next(
        row[0]
        for row in latex_rows(written("latex", comparison({name: SCORES["first"]})))
        if "klyang" in row[0]
    )
    assert cell.startswith(r"\parbox[t]")


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex (texlive-latex-recommended) is not installed"
)
def test_latex_compiles_whatever_names_hold(tmp_path: Path) -> None:
    ordinary = written("latex", comparison())
    strange = written("latex", *hostile())
    (tmp_path / "one.tex").write_text(ordinary, encoding="utf-8")
    (tmp_path / "two.tex").write_text(strange, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}"
        r"\begin{document}\input{one}\input{two}END\end{document}",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-recorder", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    log = (tmp_path / "paper.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    assert "/etc/passwd" not in (tmp_path / "paper.fls").read_text()
    assert not (tmp_path / "pwned").exists()
