"""What is needed to find equal and nearly equal posts, computed once per distinct post.

Two posts are *equal* where their letters and digits are, in any case. How alike two others are is
the Jaccard similarity of their shingles: their words and their pairs of neighbouring words. One
word changed in a sentence of ten costs 6 of 22 shingles (0.73), ten changed in a post of 400 words
some 60 of 700 (0.9); unrelated posts share 0.0 to 0.1, whatever their length. Words alone would
make every two long posts look alike, characters cost three times as much.

Signatures are MinHash (Broder 1997; library ``datasketch``), of which one byte per hash is kept
(b-bit MinHash, Li and König 2010: 1 in 256 of the hashes that differ look equal). They lie in a file
that is mapped: 13 MB for 105,000 posts. In memory are a few bytes per row and post.

Why not datasketch's own index: of 22,000 posts, pairs with a similarity of 0.60 to 0.62 planted,
``MinHashLSH(threshold=0.6)`` finds 42% of those pairs (its bands of 7 hashes are chosen to balance
misses and false candidates), in 7 s and 139 MB; with the bands of :mod:`imhi.build.checks.near_pairs`
98.5%, in 12 s and 218 MB. The search there finds the same 98.5%, in 0.5 s and 5 MB.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import tempfile
import unicodedata
import weakref
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imhi.build.checks.declarations import Corpus
from imhi.build.records import BuiltRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HASHES = 128
SEED = 1  # of the permutations: signatures are comparable within a build, whatever its seed
_WORD = re.compile(r"[^\W_]+")
_MIX = 0x9E3779B1  # odd: neighbours a, b and b, a differ


class Sketch(NamedTuple):
    """What is kept of a post: its digest, its number of words, its signature (a byte for each of
    ``HASHES`` hashes) and its distinct shingles (hashes of 32 bits, sorted), both as bytes."""

    digest: int
    words: int
    signature: bytes
    shingles: bytes


@functools.lru_cache(maxsize=512)  # asked for when a post is met and when it is sketched
def words_of(post: str) -> list[bytes]:
    """Return the words of a post as they are compared: letters and digits, case folded.

    >>> words_of("Don't ask!! I'm FINE…")
    [b'dont', b'ask', b'im', b'fine']
    """
    text = unicodedata.normalize("NFKC", post).casefold()
    for apostrophe in "'’ʼ`":  # faster than to translate
        text = text.replace(apostrophe, "")
    return " ".join(_WORD.findall(text)).encode().split()


def digest_of(post: str, words: Sequence[bytes]) -> int:
    """Return 64 bits that are equal for equal posts; a post without a letter is what it is."""
    text = b"".join(words) or b"\0" + " ".join(post.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def sketches(rows: Sequence[BuiltRow]) -> Iterator[Sketch]:
    """Sketch the posts of some rows. The digest says which post a sketch is of."""
    import numpy as np
    from datasketch import MinHash

    # The hash function is the identity: shingles come hashed, all at once.
    start = MinHash(num_perm=HASHES, seed=SEED, hashfunc=int)
    mix = np.uint32(_MIX)
    for row in rows:
        words = words_of(row.post)
        single = np.fromiter(map(zlib.crc32, words), np.uint32, len(words))
        shingles = np.unique(np.concatenate([single, single[:-1] * mix + single[1:]]))
        minhash = start.copy()
        minhash.update_batch(shingles.tolist())
        # Minima are small numbers: multiplied, so that a byte of theirs takes all values alike.
        signature = (minhash.hashvalues.astype(np.uint32) * mix >> np.uint32(24)).astype(np.uint8)
        yield Sketch(
            digest_of(row.post, words), len(words), signature.tobytes(), shingles.tobytes()
        )


class PostTable:
    """The distinct posts of a corpus, numbered (*slots*) in the order of their first rows.

    ``words[slot]`` is the number of words, ``signatures[slot]`` the signature (bytes). Signatures
    and shingles lie in a temporary folder that goes with the table.
    """

    signatures: NDArray[np.uint8]

    def __init__(self, corpus: Corpus) -> None:
        folder = tempfile.mkdtemp(prefix="imhi-signatures-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._shingle_file = Path(folder, "shingles.bin")
        self._rows = array("I")  # slot of each row, in the order of the corpus
        self._starts: dict[str, int] = {}  # by dataset: its first place in _rows
        self._slots: dict[int, int] = {}  # by digest
        self.words = array("I")
        self._shingle_starts = array("Q")  # in bytes
        self._shingle_counts = array("I")
        self.cache: dict[object, Any] = {}  # what others derive from this table
        self._fill(corpus, Path(folder, "signatures.bin"))

    def __len__(self) -> int:
        return len(self.words)

    def _fill(self, corpus: Corpus, signature_file: Path) -> None:
        import numpy as np

        with signature_file.open("wb") as signatures, self._shingle_file.open("wb") as shingles:
            for sketch in corpus.spread(sketches, self._first_rows(corpus)):
                slot = self._slots[sketch.digest]
                signatures.seek(slot * HASHES)
                signatures.write(sketch.signature)
                self.words[slot] = sketch.words
                self._shingle_starts[slot] = shingles.tell()
                self._shingle_counts[slot] = len(sketch.shingles) // 4
                shingles.write(sketch.shingles)
        self._slots.clear()
        shape = (len(self), HASHES)
        self.signatures = np.empty(shape, np.uint8)
        if len(self):  # an empty file cannot be mapped
            self.signatures = np.memmap(signature_file, np.uint8, "r", shape=shape)

    def _first_rows(self, corpus: Corpus) -> Iterator[BuiltRow]:
        """Yield the first row of each distinct post; note the slots of all rows on the way."""
        post, slot = None, -1
        for dataset in corpus.datasets:
            self._starts[dataset] = len(self._rows)
            for row in corpus.rows(dataset):
                if row.post != post:  # rows about one post usually follow one another
                    post = row.post
                    slot = self._slots.setdefault(digest_of(post, words_of(post)), len(self))
                self._rows.append(slot)
                if slot == len(self):
                    for column in (self.words, self._shingle_starts, self._shingle_counts):
                        column.append(0)
                    yield row

    def rows(self, corpus: Corpus, dataset: str) -> Iterator[tuple[int, BuiltRow]]:
        """Yield the rows of a dataset, each with the slot of its post."""
        start = self._starts[dataset]
        for position, row in enumerate(corpus.rows(dataset), start):
            yield self._rows[position], row

    def similarity(self, left: int, right: int) -> float:
        """Return the Jaccard similarity of two posts; 0 where one has no words."""
        import numpy as np

        one, other = (self._shingles(slot) for slot in (left, right))
        shared = len(np.intersect1d(one, other, assume_unique=True))
        return shared / max(1, len(one) + len(other) - shared)

    def _shingles(self, slot: int) -> NDArray[np.uint32]:
        import numpy as np

        start, count = self._shingle_starts[slot], self._shingle_counts[slot]
        return np.fromfile(self._shingle_file, np.uint32, count, offset=start)


def post_table(corpus: Corpus) -> PostTable:
    """Return the table of a corpus: made at the first call, shared by all checks of the corpus,
    removed with it."""
    if PostTable not in corpus.cache:
        corpus.cache[PostTable] = PostTable(corpus)
    table: PostTable = corpus.cache[PostTable]
    return table
