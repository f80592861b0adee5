"""The study file that `hfrisk init` writes says every setting, what it means, and what holds if nothing is said."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from hfrisk.cdm.maps import load_maps
from hfrisk.cdm.settings import SiteMaps
from hfrisk.profiles import profile_names
from hfrisk.study import Study, load_study, walk
from hfrisk.template import map_templates, schema_text, starting_values, study_text
from tests.study.example import MINIMAL

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("profile", profile_names())
def test_the_written_study_holds_every_setting_and_says_what_the_defaults_say(tmp_path: Path, profile: str) -> None:
    text = study_text({"name": "mine", "profile": profile, "source": {"path": "data/omop"}})
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert load_study(path) == load_study_from(tmp_path, MINIMAL + f"profile: {profile}\n")
    for setting, _ in walk(Study):
        assert f"{setting.rsplit('.', 1)[-1]}:" in text
    # every commented default is what the study would have obeyed anyway
    spoken = "\n".join(_uncommented(text))
    everything = tmp_path / "everything.yaml"
    everything.write_text(spoken)
    written, meant = load_study(everything), load_study(path)
    assert written.model_dump(exclude={"folders"}) == meant.model_dump(exclude={"folders"})


def load_study_from(folder: Path, text: str) -> Study:
    path = folder / "minimal.yaml"
    path.write_text(text)
    return load_study(path)


def _uncommented(text: str) -> list[str]:
    """The settings of a written study, commented ones included, without the sentences."""
    settings = {path for path, _ in walk(Study)}
    above: list[str] = []
    lines = []
    for line in text.splitlines():
        bare = line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line
        key = bare.strip().partition(":")[0]
        depth = (len(bare) - len(bare.lstrip())) // 2
        if ".".join([*above[:depth], key]) in settings:
            above = [*above[:depth], key]
            lines.append(bare)
    return lines


def test_a_study_for_a_profile_shows_what_the_profile_says() -> None:
    text = study_text({"name": "mine", "profile": "lsc_lth", "source": {"path": "x"}})
    assert "# nhs_codes: false  # from the profile" in text
    assert "Lancashire Teaching Hospitals" in text
    assert "# nhs_codes: true\n" in study_text({"name": "mine", "source": {"path": "x"}})


def test_the_members_of_a_list_are_explained() -> None:
    text = study_text({"name": "mine", "source": {"path": "x"}})
    assert "# Each has:" in text
    assert "# - visits - " in text
    assert "# - expect - " in text


def test_a_study_without_a_model_is_written_as_one() -> None:
    text = study_text({"name": "mine", "source": {"path": "x"}, "model": "none"})
    assert "\nmodel: none\n" in text


@pytest.mark.parametrize("profile", [None, *profile_names()])
def test_what_init_writes_is_a_study_whose_maps_are_there(tmp_path: Path, profile: str | None) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(study_text(starting_values("mine", "data", profile)))
    for name, text in map_templates(profile).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    study = load_study(path)
    maps = load_maps(study.source.maps)
    assert bool(maps.ethnicity) == (profile == "lsc_lth")
    assert study.profile == (profile or "omop54")


def test_every_example_map_can_be_read_as_it_is(tmp_path: Path) -> None:
    for name, text in map_templates().items():
        (tmp_path / Path(name).name).write_text(text)
    files = {name: tmp_path / f"{name}.csv" for name in ("analyte", "trust", "imd", "ethnicity")}
    maps = load_maps(SiteMaps(**files, imd_release="2019"))
    assert maps.analyte
    assert maps.trust
    assert maps.imd
    assert set(maps.ethnicity.values()) >= set("ABCDEFGHJKLMNPRSZ")


def test_the_committed_schema_is_the_one_that_the_code_exports() -> None:
    committed = (ROOT / "configs" / "study.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), "run `make docs`"


def test_the_schema_knows_a_study_without_a_model(file: Path) -> None:
    content = {"name": "mine", "source": {"path": "x"}, "model": "none"}
    jsonschema.validate(content, json.loads(schema_text()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "model": "some"}, json.loads(schema_text()))
