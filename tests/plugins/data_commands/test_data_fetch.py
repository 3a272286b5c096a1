"""``imhi data fetch`` from git, folders and archives; checksums; going on after an interruption.

Everything is real: git repositories, archives, an HTTP server on the loopback interface.
"""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import re
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi.plugins.data_commands import git_checkout, http_download
from imhi.plugins.data_commands.fetch import RECORD, STAGE, fetch_checkout, shown
from imhi.plugins.data_commands.manifest import COMMIT, Checksum, GitBlob, official_checksums
from tests.checkouts import INSTRUCTION, TEST, depression_checkout

needs_git = pytest.mark.skipif(not git_checkout.is_installed(), reason="git is not installed")
needs_safe_archives = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"),
    reason="this Python (before 3.11.4) cannot unpack archives safely, which a fetch refuses",
)


def checksums(root: Path) -> dict[str, Checksum]:
    """Return what a manifest would hold of a checkout."""
    return {
        path.relative_to(root).as_posix(): Checksum(
            hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
        )
        for path in root.rglob("*.csv")
    }


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*.csv")}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a checkout as the repository has it, with a licence and a program beside the data."""
    root = depression_checkout(tmp_path / "published")
    (root / "LICENSE").write_text("MIT\n")
    (root / "src").mkdir()
    (root / "src" / "IMHI.py").write_text("print()\n")
    return root


@pytest.fixture
def repository(published: Path) -> tuple[Path, str]:
    """Return a git repository of the checkout, and its commit."""

    def git(*words: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", "-C", str(published), *identity, *words],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "data")
    return published, git("rev-parse", "HEAD")


# --- git ------------------------------------------------------------------------------------------


@needs_git
@pytest.mark.parametrize("form", ["path", "file url", "bare"])
def test_a_git_repository_is_checked_out_at_the_commit(
    repository: tuple[Path, str], tmp_path: Path, form: str
) -> None:
    root, commit = repository
    (root / TEST / "DR.csv").write_text("changed since, and not committed")
    address = {"path": str(root), "file url": f"file://{root}", "bare": str(tmp_path / "b.git")}[
        form
    ]
    if form == "bare":
        subprocess.run(["git", "clone", "--quiet", "--bare", str(root), address], check=True)
    to = tmp_path / "to"
    report = fetch_checkout(address, to, commit[:7])
    assert (report.commit, report.commit_verified) == (commit, True)
    assert "changed since" not in (to / TEST / "DR.csv").read_text()
    assert (to / "LICENSE").is_file() and not (to / "src").exists()
    assert not (to / STAGE).exists()


@needs_git
def test_a_commit_that_was_asked_for_and_is_not_there_is_an_error(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match="found no commit '1234567'"):
        fetch_checkout(str(repository[0]), tmp_path / "to", "1234567")


@needs_git
def test_a_copy_under_other_commits_is_judged_by_the_checksums(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    root, commit = repository
    report = fetch_checkout(str(root), tmp_path / "to", pinned=checksums(root))
    assert (report.commit, report.asked, report.checked) == (commit, COMMIT, 4)
    assert any(f"there is no {COMMIT}" in line for line in report.lines())
    with pytest.raises(DataError, match="found SHA-256"):
        fetch_checkout(str(root), tmp_path / "other")  # the pinned checksums are of real files


@needs_git
def test_an_address_that_git_cannot_reach_is_one_line_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as caught:
        fetch_checkout("https://user:secret@127.0.0.1:9/x.git", tmp_path / "to")
    text = str(caught.value)
    assert "git could not clone it: fatal:" in text and "\n" not in text
    assert "secret" not in text


# --- folders and archives ------------------------------------------------------------------------


def archive_of(root: Path, path: Path) -> Path:
    """Pack a checkout under one top folder, as GitHub does."""
    files = [file for file in root.rglob("*") if file.is_file() and ".git" not in file.parts]
    names = {file: f"MentalLLaMA-{COMMIT}/{file.relative_to(root).as_posix()}" for file in files}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for file, name in names.items():
                zipped.write(file, name)
    else:
        with tarfile.open(path, "w:gz") as tarred:
            for file, name in names.items():
                tarred.add(file, name)
    return path


@needs_safe_archives
@pytest.mark.parametrize("form", ["folder", ".tar.gz", ".zip"])
def test_folders_and_archives_are_copied_and_checked(
    published: Path, tmp_path: Path, form: str
) -> None:
    source = published if form == "folder" else archive_of(published, tmp_path / f"data{form}")
    report = fetch_checkout(str(source), tmp_path / "to", pinned=checksums(published))
    assert (report.checked, report.unchecked, report.written) == (4, ["LICENSE"], 5)
    assert contents(tmp_path / "to") == contents(published)


@needs_git
@needs_safe_archives
@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_an_archive_that_names_its_commit_is_held_to_it(
    repository: tuple[Path, str], tmp_path: Path, form: str
) -> None:
    root, commit = repository
    archive = tmp_path / f"x.{form}"
    words = ["archive", f"--format={form}", "--prefix=M/", "-o", str(archive), "HEAD"]
    subprocess.run(["git", "-C", str(root), *words], check=True)
    assert fetch_checkout(str(archive), tmp_path / "to", commit).commit_verified
    other = "123" if not commit.startswith("123") else "321"  # a commit may begin with anything
    with pytest.raises(
        HarnessError, match=f"found an archive of commit {commit}, expected {other}"
    ):
        fetch_checkout(str(archive), tmp_path / "to", other)


def test_a_file_with_another_checksum_is_named_and_nothing_is_written(
    published: Path, tmp_path: Path
) -> None:
    pinned = checksums(published)
    path = published / TEST / "DR.csv"
    path.write_text(path.read_text().replace("joy", "joys"))
    with pytest.raises(DataError) as caught:
        fetch_checkout(str(published), tmp_path / "to", pinned=pinned)
    text = str(caught.value)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    expected = pinned[f"{TEST}/DR.csv"].sha256
    assert f"{TEST}/DR.csv: found SHA-256 {found}" in text and f"expected {expected}" in text
    assert contents(tmp_path / "to") == {}


def test_all_files_that_differ_are_named(published: Path, tmp_path: Path) -> None:
    pinned = checksums(published)
    for path in (f"{TEST}/DR.csv", f"{INSTRUCTION}/DR/train.csv"):
        (published / path).write_text("changed")
    with pytest.raises(DataError) as caught:
        fetch_checkout(str(published), tmp_path / "to", pinned=pinned)
    assert f"{TEST}/DR.csv" in str(caught.value)
    assert f"{INSTRUCTION}/DR/train.csv" in str(caught.value)


@needs_git
def test_a_file_known_by_its_git_blob_is_checked_by_it(published: Path, tmp_path: Path) -> None:
    path = published / TEST / "DR.csv"
    words = ["git", "hash-object", "--no-filters", str(path)]
    blob = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    known = {f"{TEST}/DR.csv": GitBlob(blob)}
    assert fetch_checkout(str(published), tmp_path / "to", pinned=known).checked == 1
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(DataError, match=f"found the git blob .* expected {blob}"):
        fetch_checkout(str(published), tmp_path / "other", pinned=known)


def test_hidden_files_are_left_behind(published: Path, tmp_path: Path) -> None:
    (published / TEST / ".DS_Store").write_bytes(b"x")
    fetch_checkout(str(published), tmp_path / "to", pinned={})
    assert not (tmp_path / "to" / TEST / ".DS_Store").exists()


def test_missing_and_unchecked_files_are_reported(published: Path, tmp_path: Path) -> None:
    pinned = checksums(published)
    del pinned[f"{TEST}/DR.csv"]
    (published / INSTRUCTION / "DR" / "train.csv").unlink()
    report = fetch_checkout(str(published), tmp_path / "to", pinned=pinned)
    assert report.unchecked == ["LICENSE", f"{TEST}/DR.csv"]
    assert report.missing == [f"{INSTRUCTION}/DR/train.csv"]
    assert any(
        "2 of 2 files have the published checksum, 2 without a known sum, 0 differ; 1 missing"
        in line
        for line in report.lines()
    )
    assert f"without a known sum: LICENSE, {TEST}/DR.csv" in report.lines()


def test_right_files_are_kept_and_damaged_ones_replaced(published: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    fetch_checkout(str(published), to, pinned=checksums(published))
    kept, damaged = to / TEST / "DR.csv", to / INSTRUCTION / "DR" / "train.csv"
    before = kept.stat().st_mtime_ns
    damaged.write_bytes(damaged.read_bytes()[:20])
    report = fetch_checkout(str(published), to, pinned=checksums(published))
    assert (report.written, report.kept) == (1, 4)
    assert kept.stat().st_mtime_ns == before
    assert contents(to) == contents(published)


def test_links_are_not_followed_out_of_the_checkout(published: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (published / TEST / "link.csv").symlink_to(secret)
    fetch_checkout(str(published), tmp_path / "to", pinned={})
    assert not (tmp_path / "to" / TEST / "link.csv").exists()


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_an_archive_that_writes_outside_is_refused(tmp_path: Path, form: str) -> None:
    name = {"relative": "a/../../../escaped.csv", "absolute": str(tmp_path / "escaped.csv")}[form]
    tarred, zipped = tmp_path / "x.tar.gz", tmp_path / "x.zip"
    with tarfile.open(tarred, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with zipfile.ZipFile(zipped, "w") as zip_:
        zip_.writestr(name, "x")
    for archive in (tarred, zipped):
        to = tmp_path / "deep" / "to"
        with pytest.raises(HarnessError):
            fetch_checkout(str(archive), to)
        outside = [p for p in tmp_path.rglob("escaped.csv") if STAGE not in p.parts]
        assert outside == []


@needs_safe_archives
def test_what_is_no_archive_or_no_imhi_data_is_said_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "page.tar.gz"
    text.write_text("<html>not found</html>")
    with pytest.raises(HarnessError, match="found no archive"):
        fetch_checkout(str(text), tmp_path / "to")
    with pytest.raises(HarnessError, match="found none of the folders train_data, test_data"):
        fetch_checkout(str(tmp_path), tmp_path / "to2")
    with pytest.raises(HarnessError, match="there is nothing there"):
        fetch_checkout(str(tmp_path / "gone"), tmp_path / "to")


# --- HTTP -----------------------------------------------------------------------------------------


@dataclass
class Served:
    """What a test server sends, how it fails, and what it was asked for.

    ``breaks``: after how many bytes each answer in turn is cut off; ``statuses``: codes sent in
    turn before anything else.
    """

    body: bytes
    etag: str = '"one"'
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    asked: list[Mapping[str, str]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def served(published: Path, tmp_path: Path) -> Iterator[Served]:
    archive = archive_of(published, tmp_path / "served.tar.gz")
    state = Served(archive.read_bytes())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(dict(self.headers))
            if state.statuses:
                self.send_error(state.statuses.pop(0))
                return
            start = 0
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if wanted and state.ranges and self.headers.get("If-Range") == state.etag:
                start = int(wanted[1])
                self.send_response(206)
                end = len(state.body) - 1
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(state.body)}")
            else:
                self.send_response(200)
            self.send_header("ETag", state.etag)
            self.send_header("Content-Length", str(len(state.body) - start))
            self.end_headers()
            cut = state.breaks.pop(0) if state.breaks else len(state.body)
            self.wfile.write(state.body[start : start + cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_port}/o/MentalLLaMA/tar.gz/{COMMIT}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download.time, "sleep", lambda seconds: None)


@needs_safe_archives
def test_an_archive_is_downloaded_and_checked(
    served: Served, published: Path, tmp_path: Path
) -> None:
    report = fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert report.checked == 4 and contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_fetching_again_what_is_complete_asks_the_server_nothing(
    served: Served, published: Path, tmp_path: Path
) -> None:
    pinned = checksums(published)
    fetch_checkout(served.address, tmp_path / "to", pinned=pinned)
    report = fetch_checkout(served.address, tmp_path / "to", pinned=pinned)
    assert len(served.asked) == 1 and (report.kept, report.written) == (5, 0)
    (tmp_path / "to" / TEST / "DR.csv").unlink()
    assert fetch_checkout(served.address, tmp_path / "to", pinned=pinned).written == 1


@needs_safe_archives
def test_a_broken_download_goes_on_from_where_it_stopped(
    served: Served, published: Path, tmp_path: Path
) -> None:
    served.breaks = [100, 50]
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert [asked.get("Range") for asked in served.asked] == [None, "bytes=100-", "bytes=150-"]
    assert contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_a_download_that_failed_goes_on_in_the_next_call(
    served: Served, published: Path, tmp_path: Path
) -> None:
    served.breaks = [100, *[0] * (http_download.ATTEMPTS - 1)]
    with pytest.raises(HarnessError, match=r"100 bytes are kept.*run the same command again"):
        fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert served.asked[-1]["Range"] == "bytes=100-"
    assert contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_a_file_that_changed_meanwhile_is_downloaded_from_the_beginning(
    served: Served, published: Path, tmp_path: Path
) -> None:
    served.breaks = [100, *[0] * (http_download.ATTEMPTS - 1)]
    with pytest.raises(HarnessError):
        fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    served.etag = '"two"'
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_a_server_without_ranges_is_asked_from_the_beginning(
    served: Served, published: Path, tmp_path: Path
) -> None:
    served.breaks, served.ranges = [100], False
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_passing_server_errors_are_tried_again_and_lasting_ones_are_not(
    served: Served, published: Path, tmp_path: Path
) -> None:
    served.statuses = [503, 429]
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert len(served.asked) == 3
    served.statuses = [404]
    with pytest.raises(HarnessError, match="HTTP 404"):
        fetch_checkout(served.address + "/other", tmp_path / "to2")
    assert len(served.asked) == 4


@needs_safe_archives
def test_a_damaged_archive_is_downloaded_anew_in_the_next_call(
    served: Served, published: Path, tmp_path: Path
) -> None:
    whole = served.body
    served.body = whole[: len(whole) // 2]
    with pytest.raises(HarnessError, match="the archive is damaged"):
        fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    served.body = whole
    fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    assert contents(tmp_path / "to") == contents(published)


@needs_safe_archives
def test_wrong_contents_are_not_kept_for_the_next_call(
    served: Served, published: Path, tmp_path: Path
) -> None:
    right = served.body
    changed = tmp_path / "changed"
    shutil.copytree(published, changed)
    (changed / TEST / "DR.csv").write_text("changed")
    served.body = archive_of(changed, tmp_path / "changed.tar.gz").read_bytes()
    with pytest.raises(DataError):
        fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published))
    served.body = right
    assert fetch_checkout(served.address, tmp_path / "to", pinned=checksums(published)).checked


@needs_safe_archives
def test_no_secret_of_an_address_is_written_down(
    served: Served, published: Path, tmp_path: Path
) -> None:
    address = f"{served.address}?token=s3cret"
    fetch_checkout(address, tmp_path / "to", pinned={})
    assert "s3cret" not in (tmp_path / "to" / RECORD).read_text()
    assert shown("https://me:s3cret@example.org/x.git") == "https://example.org/x.git"


# --- the pinned checksums -------------------------------------------------------------------------


def test_the_shipped_checksums_are_those_of_the_published_files(imhi: Path, tmp_path: Path) -> None:
    report = fetch_checkout(str(imhi), tmp_path / "to")
    assert (report.checked, report.unchecked) == (49, [])
    assert json.loads((tmp_path / "to" / RECORD).read_text())["commit"] == COMMIT


def test_every_published_data_file_has_a_known_sum() -> None:
    known = official_checksums()
    by_blob = [path for path, entry in known.items() if isinstance(entry, GitBlob)]
    assert (len(known), len(by_blob)) == (59, 6)
    folders = Counter(path.split("/")[0] for path in known)
    assert folders == {
        "test_data": 18, "train_data": 20, "human_evaluation": 12, "examples": 7,
        "README.md": 1, "LICENSE": 1,
    }  # fmt: skip
    # What is published of SWMH are test rows and the experts'; of CLP nothing.
    assert {path for path in known if "swmh" in path} == {
        *(f"test_data/{style}/swmh.csv" for style in ("test_instruction", "test_complete")),
        "human_evaluation/test_instruction_expert/swmh.csv",
    }
    assert not any("clp" in path.lower() for path in known)
