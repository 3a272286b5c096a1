"""The site as files: the same for the same input, brought up to date, and fit for other programs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi.plugins.leaderboard.site.building import build_site
from imhi.plugins.leaderboard.site.rendering import classic
from tests.plugins.leaderboard.entries import DATASETS, a_board, an_entry, some_entries

HOSTILE = "Zed\x1b[31m \u202egnp.exe \u200bx & 'q' \"w\" {{ 7*7 }} </script"
FORMULA = "\t=HYPERLINK(1)"


def tree(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return a_board(tmp_path / "board", url="https://example.org/board/")


@pytest.fixture
def built(board: Path, registry: Registry) -> Path:
    some_entries(board)
    build_site(board, board / "site", registry)
    return board / "site"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.targets += [str(v) for k, v in attrs if k in {"href", "src"}]


def read(path: Path) -> Links:
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


# --- the same bytes ------------------------------------------------------------------------------


def test_two_builds_of_one_board_are_the_same_bytes(built, board, registry, tmp_path) -> None:
    again = tmp_path / "again"
    build_site(board, again, registry)
    assert tree(again) == tree(built)


def test_a_site_built_step_by_step_is_the_site_built_at_once(board, registry, tmp_path) -> None:
    site = board / "site"
    build_site(board, site, registry)  # nobody yet
    ids = some_entries(board)
    build_site(board, site, registry)
    late = an_entry(board, "Late", 0.75, number=40, supersedes=ids[3])
    step = build_site(board, site, registry)
    assert f"models/{late}.html" in step.written and f"models/{ids[3]}.html" in step.written
    shutil.rmtree(board / "entries" / ids[5])
    gone = build_site(board, site, registry)
    assert set(gone.removed) == {
        f"models/{ids[5]}.html", f"badges/{ids[5]}.svg", f"data/entries/{ids[5]}.json"
    }  # fmt: skip
    build_site(board, tmp_path / "at once", registry)
    assert tree(site) == tree(tmp_path / "at once")


def test_a_build_without_changes_writes_nothing(built, board, registry) -> None:
    times = {path: path.stat().st_mtime_ns for path in built.rglob("*")}
    assert build_site(board, built, registry).written == []
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == times


def test_an_entry_that_changes_no_rank_leaves_the_pages_of_others_alone(
    built, board, registry
) -> None:
    last = an_entry(board, "Last", 0.05, number=50)
    written = build_site(board, built, registry).written
    models = [name for name in written if name.startswith("models/")]
    # Its own, and that of the one who now has somebody below.
    assert f"models/{last}.html" in models and len(models) == 2


def test_a_page_that_was_edited_or_lost_is_made_again(built, board, registry) -> None:
    before = tree(built)
    (built / "about.html").write_text("edited")
    (built / "feed.xml").unlink()
    assert build_site(board, built, registry).written == ["about.html", "feed.xml"]
    assert tree(built) == before


def test_a_folder_with_other_files_is_not_built_into(board, registry, tmp_path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    with pytest.raises(HarnessError, match=r"found files but no \.build\.json"):
        build_site(board, tmp_path / "home", registry)


def test_what_a_damaged_list_of_files_names_elsewhere_is_not_removed(
    built, board, registry, tmp_path
) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("keep")
    state = json.loads((built / ".build.json").read_text())
    state["files"]["../../precious.txt"] = {"inputs": "", "content": ""}
    (built / ".build.json").write_text(json.dumps(state))
    build_site(board, built, registry)
    assert outside.read_text() == "keep"
    (built / ".build.json").write_text("{")
    with pytest.raises(HarnessError, match="build again"):
        build_site(board, built, registry)


# --- pages ---------------------------------------------------------------------------------------


def test_every_link_within_the_site_leads_to_a_file_and_none_elsewhere_is_loaded(built) -> None:
    for page in built.rglob("*.html"):
        found = read(page)
        for tag, attributes in found.tags:
            assert not any(name.startswith("on") or name == "style" for name in attributes), page
            loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            assert not (loaded or "").startswith(("http", "//")), page
        for target in found.targets:
            file = target.partition("#")[0]
            if file and not file.startswith(("https://example.org/model", "data:,")):
                assert (page.parent / file).resolve().is_file(), f"{page}: {target}"


def test_every_page_has_the_notice_and_a_policy_that_forbids_everything_else(built) -> None:
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "For non-clinical research only." in text
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "<h1>" in text and 'lang="en"' in text


def test_every_page_of_an_entry_says_whose_word_its_settings_are(built) -> None:
    pages = list((built / "models").glob("*.html"))
    assert pages
    for page in pages:
        assert "How it was made is the submitter's word" in page.read_text(encoding="utf-8"), page


def test_a_synthetic_board_says_so_on_every_page_and_in_its_badges(tmp_path, registry) -> None:
    board = a_board(tmp_path / "board", synthetic=True)
    name = an_entry(board, "Demo", synthetic=True)
    build_site(board, board / "site", registry)
    for page in (board / "site").rglob("*.html"):
        assert "Fictional posts." in page.read_text(encoding="utf-8"), page
        assert "Published, not measured here" not in page.read_text(encoding="utf-8")
    for badge in ("board", name):
        text = (board / "site" / "badges" / f"{badge}.svg").read_text(encoding="utf-8")
        assert "fictional posts" in text


def test_an_empty_board_has_all_pages(board, registry) -> None:
    built = build_site(board, board / "site", registry)
    assert built.entries == 0
    assert {f"datasets/{name.lower()}.html" for name in DATASETS} <= set(built.written)
    assert "No entry has all datasets yet" in (board / "site" / "index.html").read_text()


def test_the_schemas_are_offered_as_files(built) -> None:
    names = {path.name for path in (built / "schemas").iterdir()}
    assert "entry.schema.json" in names
    about = (built / "about.html").read_text(encoding="utf-8")
    assert all(f'href="schemas/{name}" download' in about for name in names)


# --- what other programs read --------------------------------------------------------------------


def test_the_feed_is_atom_with_a_fixed_id_and_the_time_of_verification(built) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.parse(built / "feed.xml").getroot()
    assert root.tag == f"{atom}feed"
    entries = root.findall(f"{atom}entry")
    ids = [node.findtext(f"{atom}id", "") for node in (root, *entries)]
    assert len(set(ids)) == len(ids) == 16
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in ids)
    moments = [node.findtext(f"{atom}updated", "") for node in entries]
    assert moments == sorted(moments, reverse=True)
    assert root.findtext(f"{atom}updated") == moments[0] == "2026-01-24T12:00:00Z"
    for node in (root, *entries):
        assert node.findtext(f"{atom}title")
        assert node.find(f"{atom}author/{atom}name") is not None
        datetime.fromisoformat(node.findtext(f"{atom}updated", "").replace("Z", "+00:00"))
        (link,) = node.findall(f"{atom}link[@rel='alternate']")
        page = link.get("href", "")
        assert page.startswith("https://example.org/board/")
        assert (built / page.removeprefix("https://example.org/board/")).is_file()


def test_csv_and_json_hold_the_same_values_and_published_ones_are_marked(built) -> None:
    rows = list(csv.DictReader((built / "data" / "leaderboard.csv").open(encoding="utf-8")))
    as_json = json.loads((built / "data" / "leaderboard.json").read_text())
    assert len(rows) == len(as_json["rows"])
    ours = [row for row in rows if row["kind"] == "verified" and row["over"] == "datasets"]
    assert sorted(int(row["rank"]) for row in ours) == list(range(1, 12))
    assert {row["status"] for row in rows if row["kind"] == "verified"} == {
        "ranked", "partial", "superseded"
    }  # fmt: skip
    published = [row for row in rows if row["kind"] == "published, not measured here"]
    assert all(row["status"] == "not ranked" and not row["rank"] for row in published)
    assert "non-clinical" in as_json["notice"] and as_json["left_out"]


def test_a_badge_is_an_svg_with_rank_and_mean_and_no_name(built) -> None:
    rows = json.loads((built / "data" / "leaderboard.json").read_text())["rows"]
    (first,) = [row for row in rows if row.get("rank") == 1 and row["over"] == "datasets"]
    badge = ElementTree.parse(built / "badges" / f"{first['id']}.svg").getroot()
    said = f"IMHI mean weighted F1: {first['value']:.1f} · rank 1"
    assert badge.get("aria-label") == said
    assert first["name"] not in (built / "badges" / f"{first['id']}.svg").read_text()


def test_hostile_texts_come_out_harmless_everywhere(board, registry) -> None:
    fields = {"by": FORMULA, "description": HOSTILE, "model": HOSTILE, "split": "test"}
    checks = [
        {"name": "<i>" + HOSTILE, "passed": False, "detail": "<i>" + HOSTILE, "severity": "error"}
    ]
    name = an_entry(board, HOSTILE.replace("<", ""), number=1, checks=checks, **fields)
    an_entry(board, "Other", number=2)
    build_site(board, board / "site", registry)
    for path, content in tree(board / "site").items():
        if path.startswith(("assets/", "schemas/")):
            continue
        text = content.decode("utf-8")
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u200b\u202e]", text), path
        assert "49 " not in text or "{{ 7*7 }}" in text, path
        if path.endswith(".html"):
            assert "<i>Zed" not in text and "</script &" not in text
        if path.endswith((".svg", ".xml")):
            ElementTree.fromstring(content)
    cells = csv.reader(io.StringIO((board / "site/data/leaderboard.csv").read_text("utf-8")))
    assert not [cell for row in cells for cell in row if cell.startswith(("=", "@", "\t"))]
    compare = (board / "site" / "compare.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'id="board-data">(.*?)</script>', compare, re.DOTALL)
    assert "Zed" in next(e["name"] for e in json.loads(data)["entries"] if e["id"] == name)


# --- DataTables ----------------------------------------------------------------------------------


def test_a_module_becomes_a_classic_script() -> None:
    script = classic("var a=1,b=2;export{a as other,b as default};\n/* notes */", "here")
    assert "export" not in script and "window.DataTable=b;" in script and "/* notes */" in script


@pytest.mark.parametrize("module", ["var a=1;", "import x from 'y';export{x as default};"])
def test_a_bundle_of_another_kind_is_refused(module: str) -> None:
    with pytest.raises(HarnessError, match="found another kind of bundle"):
        classic(module, "itables 99")


# --- the command, and time -----------------------------------------------------------------------


def test_the_command_says_what_it_did_and_what_it_left_out(board, imhi_here) -> None:
    some_entries(board)
    said = imhi_here("leaderboard", "build", board, "--json")
    assert said.code == 0, said.err
    assert (said.json["ranked"], said.json["partial"], said.json["superseded"]) == (11, 2, 1)
    assert said.json["left_out"] == ["model-23-b19c007a: fictional posts"]
    assert "left out: model-23-b19c007a: fictional posts" in said.err
    assert (board / "site" / "index.html").is_file()
    (board / "board.yaml").unlink()
    assert "found no board.yaml" in imhi_here("leaderboard", "build", board).complaint


def test_one_more_entry_makes_few_pages_anew(board, registry) -> None:
    for number in range(8):
        an_entry(board, f"Model {number}", 0.4 + number / 20, number=number, full_size=True)
    build_site(board, board / "site", registry)
    an_entry(board, "One more", 0.1, number=200, full_size=True)
    built = build_site(board, board / "site", registry)
    # Its own, and that of the one ranked above it.
    assert len([name for name in built.written if name.startswith("models/")]) == 2


def test_energy_is_a_column_where_an_entry_has_it_and_nonsense_is_none(
    built, board, registry
) -> None:
    assert "Wh, as submitted" not in (built / "index.html").read_text("utf-8")
    paths = sorted(board.glob("entries/*/entry.json"))[:2]
    for path, kwh in zip(paths, (0.0123, "<b>9</b>"), strict=True):
        entry = json.loads(path.read_text("utf-8"))
        entry["totals"]["energy"] = {"kwh": kwh, "grams_co2eq": 4.7}
        path.write_text(json.dumps(entry), encoding="utf-8")
    build_site(board, built, registry)
    page = (built / "index.html").read_text("utf-8")
    assert page.count("Wh, as submitted") == 1 and ">12.3<" in page
    assert "<b>9</b>" not in page
