"""Terminals, options of commands, tables, YAML, files that appear whole. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core import (
        page_pictures as page_pictures,
        sanitizing as sanitizing,
        yaml_models as yaml_models,
    )
    from imhi._core.cli import (
        options as options,
    )
    from imhi._core.cli.console import (
        err as err,
        out as out,
        print_json as print_json,
        say as say,
    )
    from imhi._core.cli.dry_run import (
        show_estimates as show_estimates,
    )
    from imhi._core.cli.progress import (
        shown as shown,
    )
    from imhi._core.cli.scores import (
        finish as finish,
    )
    from imhi._core.marking import (
        Marking as Marking,
    )
    from imhi._core.mojibake import (
        has_mojibake as has_mojibake,
        repair as repair,
    )
    from imhi._core.row_files import (
        FIELD_LIMIT as FIELD_LIMIT,
        TableRow as TableRow,
        read_table as read_table,
    )
    from imhi._core.run_store import jsonl as jsonl
    from imhi._core.run_store.jsonl import (
        disk_error as disk_error,
        replacing as replacing,
        write_json as write_json,
    )
    from imhi._core.run_store.lock import (
        held as held,
    )
    from imhi._core.tables import (
        figures as figures,
    )
    from imhi._core.tables.files import (
        csv_text as csv_text,
        markdown_table as markdown_table,
    )
    from imhi._core.tables.table import (
        Cell as Cell,
        Table as Table,
    )
    from imhi._core.tables.terminal import (
        FittedTable as FittedTable,
        show_notes as show_notes,
        show_table as show_table,
    )
    from imhi._core.yaml_files import (
        read_yaml as read_yaml,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
