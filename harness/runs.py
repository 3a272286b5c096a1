"""Run folders, what is in them, and what is computed from them. Public; see :mod:`imhi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core import (
        judging as judging,
        statistics as statistics,
    )
    from imhi._core.comparing import (
        ComparedMetric as ComparedMetric,
        Pair as Pair,
    )
    from imhi._core.comparing.alignment import (
        Aligned as Aligned,
        NotComparable as NotComparable,
    )
    from imhi._core.comparing.answers import Answers as Answers
    from imhi._core.comparing.comparison import (
        compare_run_set as compare_run_set,
    )
    from imhi._core.comparing.resampling import (
        Resamples as Resamples,
    )
    from imhi._core.comparing.result import (
        ModelValue as ModelValue,
    )
    from imhi._core.comparing.run_set import (
        RunSet as RunSet,
    )
    from imhi._core.executors import (
        ExecutorSpec as ExecutorSpec,
    )
    from imhi._core.metering import (
        Metering as Metering,
        MeterSpec as MeterSpec,
    )
    from imhi._core.metrics import (
        MetricSpec as MetricSpec,
    )
    from imhi._core.observers import (
        ObserverSpec as ObserverSpec,
        observed as observed,
    )
    from imhi._core.plan import (
        ScoringPlan as ScoringPlan,
        plan_run as plan_run,
    )
    from imhi._core.published import (
        PublishedResult as PublishedResult,
    )
    from imhi._core.results import (
        AverageRow as AverageRow,
        ScoreRow as ScoreRow,
    )
    from imhi._core.run_store import (
        RunFolder as RunFolder,
    )
    from imhi._core.run_store.cache import (
        Cache as Cache,
        CacheFolder as CacheFolder,
    )
    from imhi._core.run_store.columns import (
        Columns as Columns,
    )
    from imhi._core.run_store.energy import (
        energy_of as energy_of,
    )
    from imhi._core.run_store.environment import (
        environment as environment,
    )
    from imhi._core.run_store.manifest import Manifest as Manifest
    from imhi._core.run_store.read_once import (
        ReadOnce as ReadOnce,
    )
    from imhi._core.run_store.telling_apart import (
        distinct_names as distinct_names,
        distinct_runs as distinct_runs,
    )
    from imhi._core.samples import votes_in_words as votes_in_words
    from imhi._core.spreading.crew import (
        Crew as Crew,
        Event as Event,
        Place as Place,
        SpreadWork as SpreadWork,
        Work as Work,
    )
    from imhi._core.spreading.gpus import (
        copies as copies,
        share_out as share_out,
        too_many as too_many,
        visible_gpus as visible_gpus,
    )
    from imhi._core.spreading.lending import (
        Asking as Asking,
        Lender as Lender,
        LentBudget as LentBudget,
        Loan as Loan,
    )
    from imhi._core.spreading.spread import (
        spread as spread,
    )
    from imhi._core.stages.label import (
        label as label,
    )
    from imhi._core.stages.pipeline import (
        run as run,
    )
    from imhi._core.stages.respond import (
        pending_requests as pending_requests,
        respond as respond,
        totals as totals,
    )
    from imhi._core.stages.score import (
        score as score,
    )
    from imhi._core.views import (
        OpenView as OpenView,
        Verdict as Verdict,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
