"""The built-in formats of a written build, in the order in which they are written."""

from __future__ import annotations

from imhi import BuildFormat

_HERE = "imhi.build.writing"

FORMATS = (
    BuildFormat(
        "official",
        "The layout of the published checkout, read by official:FOLDER",
        create=f"{_HERE}.official:OfficialFiles",
    ),
    BuildFormat(
        "parquet",
        "A file per split with everything that is known of a row",
        create=f"{_HERE}.parquet:ParquetFiles",
        packages=("pyarrow",),
    ),
    BuildFormat(
        "dataset",
        "What datasets.load_dataset and the Hub read, with a card",
        create=f"{_HERE}.dataset_files:DatasetFiles",
        packages=("pyarrow", "jinja2"),
    ),
    BuildFormat(
        "statistics",
        "A page with plots, and the numbers behind it; no posts",
        create=f"{_HERE}.statistics_page:StatisticsFiles",
        packages=("jinja2", "matplotlib"),
    ),
)
