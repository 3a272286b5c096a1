"""All planted manipulations, by what they are manipulations of."""

from __future__ import annotations

from collections.abc import Sequence

from tests.plugins.leaderboard.manipulated_claims import CLAIMS
from tests.plugins.leaderboard.manipulated_data import DATA, TRICKS
from tests.plugins.leaderboard.manipulated_documents import DOCUMENTS
from tests.plugins.leaderboard.manipulated_files import FILES
from tests.plugins.leaderboard.manipulating import Manipulation

ALL: Sequence[Manipulation] = (*CLAIMS, *DATA, *TRICKS, *DOCUMENTS, *FILES)
