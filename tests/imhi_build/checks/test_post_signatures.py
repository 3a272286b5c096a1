"""Signatures of posts and the search for near pairs, against exact comparison."""

from __future__ import annotations

import gc
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from imhi.build.checks.near_pairs import hashes_per_band, near_pairs
from imhi.build.checks.signatures import PostTable, digest_of, post_table, words_of
from imhi.build.records import BuiltRow
from tests.imhi_build.checks.corpora import a_row, corpus_of

ROOT = Path(__file__).resolve().parents[3]


def shingles(post: str) -> set[tuple[bytes, ...]]:
    words = words_of(post)
    return {*((word,) for word in words), *itertools.pairwise(words)}


def jaccard(a: str, b: str) -> float:
    one, other = shingles(a), shingles(b)
    return len(one & other) / max(1, len(one | other))


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("I can't sleep, at all!", "i CANT sleep at all", True),
        ("I can’t  sleep\nat all…", "I can't sleep at all", True),
        ("Straße ﬁne ①", "STRASSE fine 1", True),
        ("a lot", "alot", True),
        ("I am 17", "I am 18", False),
        ("?", "!", False),
        ("?", " ? ", True),
        ("😢", "😭", False),
        ("", "   ", True),
        ("\ud800", "\ud801", False),
    ],
)
def test_equal_posts_have_the_same_letters_and_digits(a: str, b: str, equal: bool) -> None:
    assert (digest_of(a, words_of(a)) == digest_of(b, words_of(b))) == equal


def test_posts_are_sketched_once_whatever_the_order_of_the_results() -> None:
    rows = [
        a_row(f"post number {n} of the lot", dataset=d, aspect=a)
        for n in range(30)
        for d in ("IRF", "MultiWD")
        for a in ("one", "two")
    ]
    corpora = [corpus_of(rows, chunk=size) for size in (1, 7, 1000)]
    tables = [PostTable(corpus) for corpus in corpora]
    for corpus, table in zip(corpora, tables, strict=True):
        assert corpus.worked == len(table) == 30
        slots = [[s for s, _ in table.rows(corpus, d)] for d in corpus.datasets]
        assert slots == [[n for n in range(30) for _ in "ab"]] * 2
        assert (table.signatures == tables[0].signatures).all()


def test_similarities_are_exact(all_published: list[BuiltRow]) -> None:
    posts = list(dict.fromkeys(row.post for row in all_published if row.dataset == "DR"))[:40]
    corpus = corpus_of([a_row(post) for post in posts])
    table = PostTable(corpus)
    for a, b in itertools.combinations(range(len(posts)), 2):
        assert table.similarity(a, b) == pytest.approx(jaccard(posts[a], posts[b]))


def test_estimates_are_near_the_similarities(all_published: list[BuiltRow]) -> None:
    posts = list(dict.fromkeys(row.post for row in all_published if row.dataset == "DR"))[:300]
    edited = [" ".join(post.split()[: -len(post.split()) // 4]) for post in posts]
    table = PostTable(corpus_of([a_row(post) for post in [*posts, *edited]]))
    errors = [
        (table.signatures[n] == table.signatures[n + 300]).mean() - table.similarity(n, n + 300)
        for n in range(300)
    ]
    assert abs(sum(errors) / 300) < 0.01  # without bias
    assert max(map(abs, errors)) < 0.15


def test_near_pairs_are_those_of_an_exact_search(all_published: list[BuiltRow]) -> None:
    posts = list(
        {digest_of(r.post, words_of(r.post)): r.post for r in all_published if r.dataset == "SAD"}
        .values()
    )[:1800]  # fmt: skip
    table = PostTable(corpus_of([a_row(post) for post in posts]))
    # Exact: pairs that share a shingle, by an index of shingles that are not everywhere.
    sets = [shingles(post) for post in posts]
    where: dict[tuple[bytes, ...], list[int]] = {}
    for n, found in enumerate(sets):
        for shingle in found:
            if len(shingle) == 2:
                where.setdefault(shingle, []).append(n)
    candidates = {pair for ns in where.values() for pair in itertools.combinations(ns, 2)}
    for threshold in (0.5, 0.6, 0.8):
        exact = {
            (a, b)
            for a, b in candidates
            if len(sets[a] & sets[b]) >= threshold * len(sets[a] | sets[b])
        }
        pairs = near_pairs(table, threshold)
        said = {(a, b) for a in range(len(posts)) for b, _ in pairs.of(a) if a < b}
        # Posts of one word share no pair of words; they are only found equal.
        said = {(a, b) for a, b in said if len(sets[a]) > 1 and len(sets[b]) > 1}
        assert said <= exact
        assert len(said) >= 0.98 * len(exact) > 0


def test_longer_bands_go_with_higher_thresholds() -> None:
    sizes = [hashes_per_band(n / 100) for n in range(50, 101)]
    assert sizes == sorted(sizes)
    assert {sizes[0], sizes[-1]} == {3, 8}


def test_a_large_group_of_alike_posts_is_searched_whole() -> None:
    base = " ".join(f"word{n}" for n in range(60))
    posts = [f"{base} ending{n}" for n in range(300)]
    table = PostTable(corpus_of([a_row(post) for post in posts]))
    pairs = near_pairs(table, 0.8)
    assert all(pairs.of(n)[0][0] == 0 for n in range(1, 300))


@pytest.mark.parametrize("posts", [[], [""], ["?", "!", "😢"], ["one"], ["same", "same"]])
def test_posts_without_words_are_near_nothing(posts: list[str]) -> None:
    corpus = corpus_of([a_row(post) for post in posts])
    table = PostTable(corpus)
    assert len(near_pairs(table, 0.5)) == 0
    assert all(near_pairs(table, 0.5).of(n) == [] for n in range(len(table)))


def test_a_table_is_made_once_for_a_corpus_and_goes_with_it() -> None:
    corpus = corpus_of([a_row("I have been so tired"), a_row("Exams are near")])
    table = post_table(corpus)
    folder = table._shingle_file.parent
    assert post_table(corpus) is table
    assert corpus.worked == 2
    assert folder.stat().st_mode & 0o077 == 0
    del table, corpus
    gc.collect()
    assert not folder.exists()


_MEASURE = """
import resource, sys
from tests.imhi_build.checks.corpora import a_row
from imhi.build.checks.near_pairs import near_pairs
from imhi.build.checks.signatures import post_table, sketches
import datasketch

class Streamed:
    datasets, seed, cache = ("DR",), 0, {}
    def rows(self, dataset):
        for n in range(int(sys.argv[1])):
            yield a_row(" ".join(f"w{(n * k + k * k) % 1000003}" for k in range(1, 13)))
    def spread(self, work, rows):
        for row in rows:
            yield from work([row])

corpus = Streamed()
near_pairs(post_table(corpus), 0.6)
print(len(post_table(corpus)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_grows_by_a_few_hundred_bytes_per_post() -> None:
    def peak(rows: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(rows)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        posts, kilobytes = map(int, done.stdout.split())
        assert posts > 0.9 * rows
        return kilobytes * 1024

    # 105,000 posts of 150 words took 20 MB more than 10,000, measured.
    assert (peak(6000) - peak(1000)) / 5000 < 800
