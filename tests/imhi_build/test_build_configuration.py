"""``build.yaml``: what may stand in it, and what is said of what may not."""

from __future__ import annotations

import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi.build.checks.configured import configured_checks
from imhi.build.config import Config, read_config
from tests.conftest import Imhi


def test_a_configuration_names_the_field_that_is_wrong(dr_build, registry: Registry) -> None:
    folder, _ = dr_build()
    for override, message in (
        ("explain.shot=2", r"unknown field 'explain.shot': did you mean 'explain.shots'"),
        ("explain.shots=-1", r"explain.shots: found -1, expected at least 0"),
        ("checks.consitency.action=off", r"unknown check 'consitency': did you mean 'consistency'"),
        (
            "checks.consistency.threshold=2",
            r"checks.consistency: threshold: found 2, expected a num",
        ),
        ("gold=people", r"gold: found 'people', expected 'human' or 'model'"),
    ):
        with pytest.raises(HarnessError, match=message):
            read_config(folder.config_file, [override], registry)


def test_a_bare_off_in_yaml_is_the_word(dr_build, registry: Registry) -> None:
    folder, _ = dr_build()
    config: Config = read_config(folder.config_file, ["checks.consistency=off"], registry)
    assert configured_checks(config.checks, registry)["consistency"].action == "off"


def test_an_action_may_stand_alone(dr_build, registry: Registry) -> None:
    folder, _ = dr_build()
    config = read_config(folder.config_file, ["checks.leakage=report"], registry)
    assert configured_checks(config.checks, registry)["leakage"].action == "report"
    with pytest.raises(
        HarnessError, match=r"checks\.leakage: found 'maybe', expected quarantine, rep"
    ):
        read_config(folder.config_file, ["checks.leakage=maybe"], registry)


def test_what_was_run_with_another_configuration_is_told_of(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build(given="demo")
    for stage in ("explain", "check"):
        assert "was run with another" not in imhi_here("build", stage, folder.path).err
    text = folder.config_file.read_text(encoding="utf-8")
    changed = (
        text.replace("gold: human", "gold: model")
        .replace("seed: 0", "seed: 7")
        .replace("checks: {}", "checks: {language: {share: 0.5}, leakage: report}")
    )
    folder.config_file.write_text(changed, encoding="utf-8")
    for command in ("status", "write"):
        said = imhi_here("build", command, folder.path).err
        for stage, fields in (
            ("read", "seed"),
            ("explain", "gold"),
            ("check", "checks.language, checks.leakage"),
        ):
            assert f"the stage '{stage}' was run with another {fields} than" in said
    folder.config_file.write_text(text, encoding="utf-8")
    assert "was run with another" not in imhi_here("build", "status", folder.path).err


def test_of_a_union_one_complaint_is_enough(dr_build, registry: Registry) -> None:
    folder, _ = dr_build()
    for override, message in (
        ("clean=strikt", "clean: found 'strikt', expected 'published' or 'strict'$"),
        ("clean={mask: [user]}", "clean.mask.0: found 'user', expected 'users', 'links'"),
    ):
        with pytest.raises(HarnessError, match=message):
            read_config(folder.config_file, [override], registry)
