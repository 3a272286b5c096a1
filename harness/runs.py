"""Run folders, what is in them, and what is computed from them. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core.comparing import (
        ComparedMetric as ComparedMetric,
    )
    from imhi._core.comparing import (
        Pair as Pair,
    )
    from imhi._core.comparing.alignment import (
        Aligned as Aligned,
    )
    from imhi._core.comparing.alignment import (
        NotComparable as NotComparable,
    )
    from imhi._core.comparing.comparison import (
        compare_run_set as compare_run_set,
    )
    from imhi._core.comparing.measures import (
        with_values_in_all as with_values_in_all,
    )
    from imhi._core.comparing.resampling import (
        Resamples as Resamples,
    )
    from imhi._core.comparing.resampling import (
        mean_of as mean_of,
    )
    from imhi._core.comparing.resampling import (
        resample as resample,
    )
    from imhi._core.comparing.result import (
        ModelValue as ModelValue,
    )
    from imhi._core.comparing.result import (
        turned as turned,
    )
    from imhi._core.comparing.run_set import (
        RunSet as RunSet,
    )
    from imhi._core.executors import (
        ExecutorSpec as ExecutorSpec,
    )
    from imhi._core.executors import (
        parse_executor as parse_executor,
    )
    from imhi._core.metrics import (
        MetricSpec as MetricSpec,
    )
    from imhi._core.metrics import (
        measured as measured,
    )
    from imhi._core.metrics import (
        opened as opened,
    )
    from imhi._core.metrics import (
        parse_metrics as parse_metrics,
    )
    from imhi._core.plan import (
        ScoringPlan as ScoringPlan,
    )
    from imhi._core.plan import (
        check_metrics as check_metrics,
    )
    from imhi._core.plan import (
        plan_run as plan_run,
    )
    from imhi._core.published import (
        PublishedResult as PublishedResult,
    )
    from imhi._core.published import (
        published_beside as published_beside,
    )
    from imhi._core.published import (
        published_results as published_results,
    )
    from imhi._core.results import (
        AverageRow as AverageRow,
    )
    from imhi._core.results import (
        ScoreRow as ScoreRow,
    )
    from imhi._core.results import (
        distinct_names as distinct_names,
    )
    from imhi._core.run_store import (
        RunFolder as RunFolder,
    )
    from imhi._core.run_store import (
        find_run as find_run,
    )
    from imhi._core.run_store.cache import (
        Cache as Cache,
    )
    from imhi._core.run_store.cache import (
        CacheFolder as CacheFolder,
    )
    from imhi._core.run_store.columns import (
        Columns as Columns,
    )
    from imhi._core.run_store.columns import (
        on_shared_examples as on_shared_examples,
    )
    from imhi._core.run_store.columns import (
        read_columns as read_columns,
    )
    from imhi._core.run_store.environment import (
        environment as environment,
    )
    from imhi._core.run_store.environment import (
        package_versions as package_versions,
    )
    from imhi._core.run_store.manifest import Manifest as Manifest
    from imhi._core.run_store.manifest import Totals as Totals
    from imhi._core.run_store.read_once import (
        ReadOnce as ReadOnce,
    )
    from imhi._core.run_store.stored_requests import (
        rows_with_offsets as rows_with_offsets,
    )
    from imhi._core.stages.label import (
        label as label,
    )
    from imhi._core.stages.pipeline import (
        run as run,
    )
    from imhi._core.stages.prepare import (
        make_context as make_context,
    )
    from imhi._core.stages.prepare import (
        requests_of as requests_of,
    )
    from imhi._core.stages.prepare import (
        select_datasets as select_datasets,
    )
    from imhi._core.stages.respond import (
        pending_requests as pending_requests,
    )
    from imhi._core.stages.respond import (
        respond as respond,
    )
    from imhi._core.stages.respond import (
        totals as totals,
    )
    from imhi._core.stages.score import (
        score as score,
    )
    from imhi._core.statistics import (
        agreement as agreement,
    )
    from imhi._core.statistics import (
        interval as interval,
    )
    from imhi._core.statistics import (
        replicates as replicates,
    )
    from imhi._core.statistics.bootstrap import (
        cluster_sums as cluster_sums,
    )
    from imhi._core.statistics.bootstrap import (
        generator as generator,
    )
    from imhi._core.statistics.paired import (
        paired as paired,
    )
    from imhi._core.statistics.paired import (
        resampled as resampled,
    )
    from imhi._core.statistics.ranks import (
        ranks as ranks,
    )
    from imhi._core.statistics.significance import (
        ALPHA as ALPHA,
    )
    from imhi._core.statistics.significance import (
        detectable_difference as detectable_difference,
    )
    from imhi._core.statistics.significance import (
        holm as holm,
    )
    from imhi._core.statistics.significance import (
        holm_within as holm_within,
    )
    from imhi._core.statistics.significance import (
        mcnemar_p as mcnemar_p,
    )
    from imhi._core.views import (
        FLAGS as FLAGS,
    )
    from imhi._core.views import (
        RELEASED as RELEASED,
    )
    from imhi._core.views import (
        VERDICTS as VERDICTS,
    )
    from imhi._core.views import (
        OpenView as OpenView,
    )
    from imhi._core.views import (
        open_view as open_view,
    )
    from imhi._core.views import (
        row_key as row_key,
    )
    from imhi._core.views import (
        seen_through as seen_through,
    )
    from imhi._core.views import (
        verdicts_file as verdicts_file,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
