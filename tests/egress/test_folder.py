"""The folder for the airlock: what it takes, what it leaves alone, and what ACRO makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hfrisk.egress import ReleasedFile
from hfrisk.egress.behind import behind
from hfrisk.egress.files import sealed, written
from hfrisk.egress.folder import kept_whole, write_folder
from hfrisk.egress.making import make_egress
from hfrisk.egress.pages import page_of_markdown
from hfrisk.errors import StudyError
from hfrisk.fingerprints import file_fingerprint
from tests.egress.test_kinds import page, picture

POLICY = {"threshold": 10, "round_base": 5, "significant_figures": 3}
MODEL = "tree\nversion=v4\n\nend of parameters\n\npandas_categorical:null\n"


def lay(folder: Path, **changes: str | bytes) -> dict[str, Path]:
    """The files of a small run, as a run would leave them."""
    metrics = {
        "study": {"name": "small", "title": "A small study", "question": "Who comes back?", "made_up": True},
        "cohort": {"index_discharges": 3000, "period_from": "2019-04", "period_to": "2024-03"},
        "performance": [],
        "checks": [{"code": "HFR132", "severity": "warning", "finding": "Few events.", "consequence": "A wide slope."}],
        "provenance": {"study_hash": "abc", "source_fingerprint": "def", "libraries": {"numpy": "2"}},
        "tables": {
            "ledger": [
                {"table": "flow", "rows": 2, "cells_released": 4, "cells_suppressed": 3, "rule": "counts rounded"}
            ]
        },
    }
    contents: dict[str, str | bytes] = {
        "report.html": page("<p>The report</p>"),
        "metrics.json": json.dumps(metrics),
        "manifest.json": '{"key": "k"}',
        "model_card.md": "# Model card: small\n\n**Verdict: fit.** So it is.\n\n- one <b>\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "figures/flow.png": picture(),
        "figures/something_new.png": picture(),
        "tables/flow.csv": "rule,admissions,persons\nall,3000,2500\nadult,45,\n",
        "tables/by_period.csv": "period,n,expected\n2019 Q2,15,3.5\n",
        "model/model.txt": MODEL,
        "model/calibration.json": "{}",
        "model/consumer.py": "import pickle",
        **{name.replace("__", "/").replace("_dot_", "."): content for name, content in changes.items()},
    }
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {name: folder / name for name in contents}


def make(folder: Path, run: dict[str, Path], **changes):  # type: ignore[no-untyped-def]
    given = {"policy": POLICY, "exceptions": [], "without_model": False, "when": "2026-01-02T03:04:05+00:00", **changes}
    return make_egress(folder, run, {name: file_fingerprint(path) for name, path in run.items()}, **given)


def test_only_the_kinds_that_may_leave_are_in_the_folder(tmp_path: Path) -> None:
    made = make(tmp_path / "egress", lay(tmp_path / "run"))
    found = {path.name for path in made.folder.iterdir()}
    assert found == {"report.html", "metrics.json", "run.json", "model_card.html", "figure_flow.png", "figure_something_new.png",
                     "table_flow.csv", "table_by_period.csv", "model.txt", "calibration.json", "five_safes.html", "manifest.json",
                     "results.json", "checksums"}  # fmt: skip
    assert "model is among the files" in made.model


def test_the_manifest_says_what_stands_behind_each_file(tmp_path: Path) -> None:
    made = make(tmp_path / "egress", lay(tmp_path / "run"))
    manifest = json.loads((made.folder / "manifest.json").read_text())
    files = {file["name"]: file for file in manifest["files"]}
    assert files["table_flow.csv"]["behind"] == {
        "tables": ["flow"], "counts_shown": 3, "smallest_count_shown": 45, "largest_count_shown": 3000, "cells_withheld": 3,
        "rule": "counts rounded",
    }  # fmt: skip
    # a figure is drawn from its table; one that is not known from any of them
    assert files["figure_flow.png"]["behind"]["smallest_count_shown"] == 45
    assert files["figure_something_new.png"]["behind"]["tables"] == ["by_period", "flow"]
    assert files["figure_something_new.png"]["behind"]["smallest_count_shown"] == 15
    assert all(file["policy"] == "threshold 10, rounded to 5" for file in files.values())
    assert manifest["run"]["study_hash"] == "abc"


def test_acro_itself_reads_the_list_and_finds_the_checksums_that_it_would_write(tmp_path: Path) -> None:
    acro = pytest.importorskip("acro.record")
    answer = {"check": "HFR148", "reason": "Agreed with the airlock", "by": "A. Name, data manager"}
    metrics = json.loads(lay(tmp_path / "run")["metrics.json"].read_text())
    metrics["tables"]["model_egress"] = [{"test": "HFR148", "passed": "no", "exception": "x"}]
    run = lay(tmp_path / "run", metrics_dot_json=json.dumps(metrics))
    made = make(tmp_path / "egress", run, exceptions=[answer])
    records = acro.load_records(str(made.folder))
    assert set(records.get_keys()) == {file["name"] for file in made.files} | {"manifest.json"}
    flow = records.get("table_flow.csv")
    assert (flow.status, flow.output_type) == ("review", "custom")
    assert flow.output[0]["admissions"].tolist() == [3000, 45]
    assert "Smallest count shown: 45; cells withheld: 3." in flow.summary
    model = records.get("model.txt")
    assert model.status == "fail"
    assert model.exception == "The model failed HFR148; the exception: Agreed with the airlock (A. Name, data manager)."
    assert "HFR148 <strong>failed</strong>" in (made.folder / "five_safes.html").read_text()
    ours = {path.name: path.read_text() for path in (made.folder / "checksums").iterdir()}
    records.write_checksums(str(made.folder))
    assert {path.name: path.read_text() for path in (made.folder / "checksums").iterdir()} == ours
    from acro.version import __version__

    from hfrisk.egress.sacro import ACRO

    assert __version__ == ACRO


def test_the_same_run_released_again_changes_nothing_and_another_replaces_the_whole(tmp_path: Path) -> None:
    run = lay(tmp_path / "run")
    first = make(tmp_path / "egress", run)
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = make(tmp_path / "egress", run, when="2027-01-01T00:00:00+00:00")
    assert again.unchanged
    assert again.files == first.files
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before
    del run["figures/something_new.png"]
    other = make(tmp_path / "egress", run)
    assert not other.unchanged
    assert not (other.folder / "figure_something_new.png").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["egress", "run"]


@pytest.mark.parametrize(
    "stray", ["predictions.parquet", "checksums/extra.txt", "figure_flow_2.png", ".hidden", "below/a.csv"]
)
def test_a_stray_file_in_the_folder_is_refused_and_not_thrown_away(tmp_path: Path, stray: str) -> None:
    run = lay(tmp_path / "run")
    made = make(tmp_path / "egress", run)
    path = made.folder / stray
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(picture())
    with pytest.raises(StudyError, match="put there by nobody's release"):
        make(tmp_path / "egress", run)
    assert path.exists()


def test_a_summary_that_somebody_filled_in_is_not_overwritten(tmp_path: Path) -> None:
    run = lay(tmp_path / "run")
    made = make(tmp_path / "egress", run)
    summary = made.folder / "five_safes.html"
    summary.write_text(summary.read_text().replace("&nbsp;", "A. Name", 1))
    with pytest.raises(StudyError, match=r"five_safes\.html was changed after the release"):
        make(tmp_path / "egress", run)
    assert "A. Name" in summary.read_text()


def test_a_folder_that_is_no_release_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "egress").mkdir()
    (tmp_path / "egress" / "mine.csv").write_text("a\n1\n")
    with pytest.raises(StudyError, match="no manifest of a release"):
        make(tmp_path / "egress", lay(tmp_path / "run"))
    (tmp_path / "empty").mkdir()
    assert kept_whole(tmp_path / "empty") is None


def test_a_count_below_the_threshold_stops_everything(tmp_path: Path) -> None:
    run = lay(tmp_path / "run", tables__by_period_dot_csv="period,n\n2019 Q2,7\n")
    with pytest.raises(StudyError, match="A count below 10 would leave"):
        make(tmp_path / "egress", run)
    assert not (tmp_path / "egress").exists()


def test_a_release_that_cannot_be_written_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lay(tmp_path / "run")
    made = make(tmp_path / "egress", run)
    before = {path.name: path.read_bytes() for path in made.folder.iterdir() if path.is_file()}
    run = lay(tmp_path / "run", report_dot_html=page("<p>Another</p>"))
    really = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if ".new-" in self.name:
            raise OSError(28, "No space left on device")
        return really(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(StudyError, match="No space left"):
        make(tmp_path / "egress", run)
    assert {path.name: path.read_bytes() for path in made.folder.iterdir() if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["egress", "run"]


def test_the_folder_takes_nothing_but_released_files(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="only the files of a finished run"):
        ReleasedFile("a.csv", "csv", b"a\n1\n")
    like = SimpleNamespace(name="a.csv", kind="csv", content=b"a\n1\n", of="", sha256="0")
    with pytest.raises(TypeError, match="nothing but released files"):
        write_folder(tmp_path / "egress", [like])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="no other kinds"):
        type("Other", (ReleasedFile,), {})
    with pytest.raises(TypeError, match="one name"):
        write_folder(tmp_path / "egress", [written("a.json", "{}"), written("A.json", "{}")])
    assert not (tmp_path / "egress").exists()


def test_a_file_that_was_changed_after_the_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n15\n")
    seal = file_fingerprint(path)
    path.write_text("n\n14\n")
    with pytest.raises(StudyError, match="changed after the run"):
        sealed(path, "table_a.csv", seal, "tables/a.csv")
    path.unlink()
    with pytest.raises(StudyError, match="not there"):
        sealed(path, "table_a.csv", seal, "tables/a.csv")


def test_without_the_model_nothing_of_it_leaves(tmp_path: Path) -> None:
    made = make(tmp_path / "egress", lay(tmp_path / "run"), without_model=True)
    assert not {path.name for path in made.folder.iterdir()} & {"model.txt", "calibration.json", "model_card.html"}
    assert made.model == "The model was left inside, as asked."


def test_the_five_safes_say_what_is_known_and_leave_the_rest_blank(tmp_path: Path) -> None:
    made = make(tmp_path / "egress", lay(tmp_path / "run"))
    text = (made.folder / "five_safes.html").read_text()
    for words in ("Safe project", "Safe people", "Safe setting", "Safe data", "Safe outputs", "Who comes back?", "HFR132",
                  "About 3,000 index discharges", "The smallest count of people or discharges shown anywhere is 15",
                  "First checker", "Second checker", "The people are made up"):  # fmt: skip
        assert words in text
    assert text.count('class="blank"') == 20


def test_the_model_card_becomes_a_page_that_runs_nothing() -> None:
    html = page_of_markdown(
        "# Card: a & b\n\n**Verdict.** So\n\n- one <script>\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert "<h1>Card: a &amp; b</h1>" in html
    assert "<strong>Verdict.</strong> So" in html
    assert "<li>one &lt;script&gt;</li>" in html
    assert "<blockquote><p>quoted</p></blockquote>" in html
    assert '<th scope="row">1</th><td>2</td>' in html


def test_what_stands_behind_a_file_counts_noughts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flow.csv"
    path.write_text("n,events,share\n0,,3\n25,15,1\n")
    file = sealed(path, "table_flow.csv", file_fingerprint(path), "tables/flow.csv")
    found = behind([file], [])["table_flow.csv"]
    assert (found.shown, found.smallest, found.largest, found.rule) == (2, 15, 25, "")
