"""NOTICE names every weight and every library, with its licence."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

import pytest

from avatar.models import Model, load_catalog

ROOT = Path(__file__).resolve().parents[3]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def entries() -> dict[str, str]:
    """The names of NOTICE and what stands behind them."""
    rows = re.findall(r"^  ([a-z0-9][\w.-]*) {2,}(\S.*)$", (ROOT / "NOTICE").read_text(encoding="utf-8"), re.MULTILINE)
    return dict(rows)


def requirements() -> list[str]:
    """The names of the dependencies, those of the extras among them."""
    lists = re.findall(r"^(?:dependencies|\w+) = \[(.*?)\]\n", _dependency_tables(), re.DOTALL | re.MULTILINE)
    return [re.split(r"[\[<>=;~! ]", entry)[0] for body in lists for entry in re.findall(r'"([^"]+)"', body)]


def _dependency_tables() -> str:
    start = PYPROJECT.index("\ndependencies = [") + 1
    return PYPROJECT[start : PYPROJECT.index("[project.scripts]")]


def test_the_dependencies_are_all_found() -> None:
    assert len(requirements()) > 40
    assert {"torch", "ray", "pytest", "numpy"} <= set(requirements())


@pytest.mark.parametrize("name", requirements())
def test_each_dependency_has_its_licence_in_notice(name: str) -> None:
    assert name.lower() in entries()


@pytest.mark.parametrize("model", load_catalog().models, ids=lambda model: model.name)
def test_each_weight_has_its_licence_in_notice(model: Model) -> None:
    assert entries()[model.name] == model.licence


def test_what_the_main_libraries_bring_along_is_named() -> None:
    brought = {
        re.split(r"[\[<>=;~! (]", one)[0].lower() for one in requires("faster-whisper") or [] if "extra" not in one
    }
    assert brought <= {name.lower() for name in entries()}


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in PYPROJECT
