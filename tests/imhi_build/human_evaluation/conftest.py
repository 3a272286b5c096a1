"""A small sample, and the sheet of an annotator, blank and filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotation_samples import fill, row, sample_of
from annotation_sheets import N

from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.workbook import workbook


@pytest.fixture
def sample() -> Sample:
    nasty = {"post": '=1+1, she said;\n"no" \'', "explanation": "-\t@x _x0041_"}
    return sample_of([row(n, **(nasty if n == 0 else {})) for n in range(N)])


@pytest.fixture
def sheet(sample: Sample, tmp_path: Path) -> Path:
    """Anna's sheet as it was handed out."""
    path = tmp_path / "anna.xlsx"
    path.write_bytes(workbook(sample.items(), sample.scheme, "anna", sample.digest, "sample").data)
    return path


@pytest.fixture
def filled(sheet: Path) -> Path:
    return fill(sheet, 2)
