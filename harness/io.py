"""Terminals, options of commands, tables, YAML, files that appear whole. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core import (
        page_pictures as page_pictures,
    )
    from imhi._core import (
        yaml_models as yaml_models,
    )
    from imhi._core.arguments import (
        split_arguments as split_arguments,
    )
    from imhi._core.cli import (
        options as options,
    )
    from imhi._core.cli.console import (
        err as err,
    )
    from imhi._core.cli.console import (
        out as out,
    )
    from imhi._core.cli.console import (
        print_json as print_json,
    )
    from imhi._core.cli.console import (
        say as say,
    )
    from imhi._core.cli.dry_run import (
        show_estimates as show_estimates,
    )
    from imhi._core.cli.options import (
        merge_settings as merge_settings,
    )
    from imhi._core.cli.progress import (
        shown as shown,
    )
    from imhi._core.cli.scores import (
        finish as finish,
    )
    from imhi._core.marking import (
        MARKS as MARKS,
    )
    from imhi._core.marking import (
        Marking as Marking,
    )
    from imhi._core.marking import (
        marking_from as marking_from,
    )
    from imhi._core.mojibake import (
        has_mojibake as has_mojibake,
    )
    from imhi._core.mojibake import (
        repair as repair,
    )
    from imhi._core.page_pictures import (
        drawings as drawings,
    )
    from imhi._core.page_pictures import (
        stand_in as stand_in,
    )
    from imhi._core.page_pictures import (
        svg as svg,
    )
    from imhi._core.row_files import (
        FIELD_LIMIT as FIELD_LIMIT,
    )
    from imhi._core.row_files import (
        TableRow as TableRow,
    )
    from imhi._core.row_files import (
        place as place,
    )
    from imhi._core.row_files import (
        read_table as read_table,
    )
    from imhi._core.run_store.jsonl import (
        AppendLog as AppendLog,
    )
    from imhi._core.run_store.jsonl import (
        disk_error as disk_error,
    )
    from imhi._core.run_store.jsonl import (
        read_rows as read_rows,
    )
    from imhi._core.run_store.jsonl import (
        recover as recover,
    )
    from imhi._core.run_store.jsonl import (
        replacing as replacing,
    )
    from imhi._core.run_store.jsonl import (
        row_writer as row_writer,
    )
    from imhi._core.run_store.jsonl import (
        write_json as write_json,
    )
    from imhi._core.run_store.jsonl import (
        write_rows as write_rows,
    )
    from imhi._core.run_store.lock import (
        held as held,
    )
    from imhi._core.sanitizing import (
        LOCAL_SERVER as LOCAL_SERVER,
    )
    from imhi._core.sanitizing import (
        markdown as markdown,
    )
    from imhi._core.sanitizing import (
        one_line as one_line,
    )
    from imhi._core.sanitizing import (
        plain as plain,
    )
    from imhi._core.sanitizing import (
        spreadsheet_cell as spreadsheet_cell,
    )
    from imhi._core.sanitizing import (
        without_local_servers as without_local_servers,
    )
    from imhi._core.tables import (
        figures as figures,
    )
    from imhi._core.tables.files import (
        csv_text as csv_text,
    )
    from imhi._core.tables.files import (
        html_table as html_table,
    )
    from imhi._core.tables.files import (
        markdown_list as markdown_list,
    )
    from imhi._core.tables.files import (
        markdown_table as markdown_table,
    )
    from imhi._core.tables.latex import (
        COMMANDS as COMMANDS,
    )
    from imhi._core.tables.latex import (
        latex_prose as latex_prose,
    )
    from imhi._core.tables.latex import (
        latex_rows as latex_rows,
    )
    from imhi._core.tables.latex import (
        latex_text as latex_text,
    )
    from imhi._core.tables.table import (
        Cell as Cell,
    )
    from imhi._core.tables.table import (
        Table as Table,
    )
    from imhi._core.tables.table import (
        numbers as numbers,
    )
    from imhi._core.tables.table import (
        table_of as table_of,
    )
    from imhi._core.tables.table import (
        texts as texts,
    )
    from imhi._core.tables.table import (
        whole_texts as whole_texts,
    )
    from imhi._core.tables.terminal import (
        FittedTable as FittedTable,
    )
    from imhi._core.tables.terminal import (
        show_notes as show_notes,
    )
    from imhi._core.tables.terminal import (
        show_table as show_table,
    )
    from imhi._core.yaml_files import (
        read_yaml as read_yaml,
    )
    from imhi._core.yaml_models import (
        leaves as leaves,
    )
    from imhi._core.yaml_models import (
        merged as merged,
    )
    from imhi._core.yaml_models import (
        plain_values as plain_values,
    )
    from imhi._core.yaml_models import (
        validated as validated,
    )
    from imhi._core.yaml_models import (
        with_overrides as with_overrides,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
