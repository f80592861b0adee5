"""Each published item is there, is answered from what was released or left to the authors, and its answer changes with the numbers."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path
from typing import Any, get_args

import pytest

import hfrisk.reporting.chapters
from hfrisk.codelists import read_yaml
from hfrisk.disclosure import Released
from hfrisk.reporting import Rendered, ReportingSettings
from hfrisk.reporting.chapters.checklists import checklists
from hfrisk.reporting.checklists import AGAINST, QUESTIONS, Reply, answers
from hfrisk.reporting.checklists.facts import facts
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Prose, Table
from tests.reporting import reporting_samples as samples
from tests.reporting.page_reader import read

SETTINGS = ReportingSettings()
#: TRIPOD+AI, Collins and others 2024: the main items and how many parts each has, as the published table has them.
TRIPOD = {
    **dict.fromkeys(range(1, 28), 1),
    **{3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3},
}
#: Items that the published table marks as of development only, or of evaluation only.
DEVELOPMENT_ONLY = {"9a", "12a", "12b", "12c", "15", "22", "27a", "27b"}
EVALUATION_ONLY = {"12f", "12g", "20c", "24"}
RECORD = ["1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1", "22.1"]
#: The leaves of CHAI's schema v0.2 in their order, read in coalition-for-health-ai/mc-schema.
_METRIC = [
    "MetricGoal",
    "Results",
    "Interpretation",
    "TestType",
    "TestingDataDescription",
    "ValidationProcessAndJustification",
]
CHAI = [
    *[
        "ModelName",
        "ModelDeveloper",
        "DeveloperContact",
        "ReleaseStage",
        "ReleaseDate",
        "ReleaseVersion",
        "GlobalAvailability",
        "EHRCompatibility",
    ],
    *[
        "RegulatoryApproval",
        "Summary",
        "Keywords",
        "IntendedUseAndWorkflow",
        "PrimaryIntendedUsers",
        "HowToUse",
        "TargetedPatientPopulation",
    ],
    *[
        "CautionedOutOfScopeSettings",
        "KnownRisksAndLimitations",
        "KnownBiasesOrEthicalConsiderations",
        "ClinicalRiskLevel",
    ],
    *[
        "OutcomesAndOutputs",
        "ModelType",
        "FoundationModels",
        "InputDataSource",
        "OutputAndInputDataTypes",
        "DevelopmentDataCharacterization",
    ],
    *[
        "BiasMitigationApproaches",
        "OngoingMaintenance",
        "Security",
        "Transparency",
        "FundingSource",
        "ThirdPartyInformation",
    ],
    "StakeholdersConsulted",
    *(
        f"{kind}.{field}"
        for kind in ("UsefulnessUsabilityEfficacy", "FairnessEquity", "SafetyReliability")
        for field in _METRIC
    ),
    *[
        "EvaluationReferences",
        "ClinicalTrial",
        "PeerReviewedPublications",
        "ReimbursementStatus",
        "PatientConsentOrDisclosure",
    ],
    "Bibliography",
]
MITCHELL = [
    "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data", "Quantitative analyses",
    "Ethical considerations", "Caveats and recommendations",
]  # fmt: skip


def evidence(sample: str = "region", **changes: Any) -> Evidence:
    base: Released = getattr(samples, sample)()
    return Evidence(samples.changed(base, **changes))


def stored() -> Evidence:
    base = samples.region()
    return evidence(tuning={**base.tuning, "summary": {"learner": "stored"}}, bundle=None)


def made(of: Evidence) -> dict[str, Chapter]:
    there = {"flow": "Flow", "definitions": "Definitions", "groups": "Groups"}
    return {chapter.key: chapter for chapter in checklists(of, SETTINGS, there)}


# ------------------------------------------------------------------ the items are those that were published


def test_tripod_has_the_items_and_parts_that_were_published() -> None:
    items = read_yaml("tripod_ai.yaml")["items"]
    assert len(items) == 52
    parts: dict[int, list[str]] = {}
    for item in items:
        number, letter = re.fullmatch(r"(\d+)([a-g]?)", item["item"]).groups()  # type: ignore[union-attr]
        parts.setdefault(int(number), []).append(letter)
    assert list(parts) == list(range(1, 28))
    assert {number: len(letters) for number, letters in parts.items()} == TRIPOD
    for letters in parts.values():
        assert "".join(letters) == ("" if len(letters) == 1 else "abcdefg"[: len(letters)])
    assert {i["item"] for i in items if i["for"] == "D"} == DEVELOPMENT_ONLY
    assert {i["item"] for i in items if i["for"] == "E"} == EVALUATION_ONLY


def test_probast_has_the_questions_that_were_published() -> None:
    parts = read_yaml("probast_ai.yaml")["parts"]
    assert [[len(domain["questions"]) for domain in part["domains"]] for part in parts] == [[3, 4, 4, 5], [3, 4, 4, 7]]
    for part in parts:
        for number, domain in enumerate(part["domains"], 1):
            assert [q["item"] for q in domain["questions"]] == [
                f"{number}.{i}" for i in range(1, len(domain["questions"]) + 1)
            ]


def test_record_and_the_card_have_the_items_that_were_published() -> None:
    assert [i["item"] for i in read_yaml("record.yaml")["items"]] == RECORD
    card = read_yaml("chai_card.yaml")
    assert [i["field"] for i in card["chai"]] == CHAI
    assert [i["section"] for i in card["mitchell"]] == MITCHELL


def test_every_key_that_a_checklist_names_is_there_and_none_is_idle() -> None:
    written = "".join(p.read_text(encoding="utf-8") for p in Path(hfrisk.reporting.chapters.__path__[0]).glob("*.py"))
    card = read_yaml("chai_card.yaml")
    items = [
        *read_yaml("tripod_ai.yaml")["items"],
        *read_yaml("record.yaml")["items"],
        *card["mitchell"],
        *card["chai"],
    ]
    asked = {key for item in items for key in item["answered_by"]}
    named = {
        kind: {k.partition(":")[2] for k in asked if k.startswith(kind)} for kind in ("chapter:", "fact:", "always:")
    }
    assert sum(map(len, named.values())) == len(asked)
    for chapter in named["chapter:"] - {"front", "worries", "next"}:
        assert f'"{chapter}"' in written, chapter
    assert named["fact:"] == set(facts(SETTINGS))
    assert named["always:"] == set(read_yaml("report_statements.yaml"))
    judged = {
        q["answered_by"] for p in read_yaml("probast_ai.yaml")["parts"] for d in p["domains"] for q in d["questions"]
    }
    assert judged == {f"judged:{key}" for key in QUESTIONS}


# ------------------------------------------------------------------ each is answered, or left to the authors


def test_every_item_leads_to_a_chapter_of_the_page_or_is_answered_or_is_left_to_the_authors(
    region_report: Rendered,
) -> None:
    page = read(region_report.html)
    ids = {found["id"] for _, found in page.tags if "id" in found}
    section = region_report.html.split('id="tripod"')[1].split("</section>")[0]
    rows = [row for row in section.split("<tr>")[1:] if 'scope="row"' in row]
    assert len(rows) == 52
    for row, item in zip(rows, read_yaml("tripod_ai.yaml")["items"], strict=True):
        assert f">{item['item']} {item['topic']}: {item['asks']}<" in html.unescape(row)
        links = re.findall(r'href="#([\w-]+)"', row)
        assert set(links) <= ids
        told = re.sub(r"<[^>]+>", "", row.split("<td")[-1].partition(">")[2]).strip()
        assert len(told) > 10
        assert bool(links) >= any(key.startswith("chapter:") for key in item["answered_by"] if key[8:] in ids)
        assert ("For the authors:" in row) == ("authors" in item)
    assert len(re.findall(r'href="#', section)) >= 35


@pytest.mark.parametrize("sample", ["region", "tiny", "bare", "desynpuf", "composite"])
def test_no_checklist_breaks_or_rates_or_leaves_a_blank(sample: str) -> None:
    chapters = made(evidence(sample))
    assert list(chapters) == ["tripod", "probast", "record", "model-card"]
    for chapter in chapters.values():
        for block in chapter.blocks:
            if isinstance(block, Table):
                cells = [re.sub(r"^\*\*([\w ]+\.)\*\* ", r"\1 ", cell) for row in block.rows for cell in row]
                assert not any(re.search(r"\bnan\b|\bNone\b|[{}]|\*\*", cell) for cell in cells)
                for row in block.rows:
                    assert len(row) == 1 or row[-1] or getattr(row[-1], "authors", "") or getattr(row[-1], "places", ())
    said = " ".join(cell for b in chapters["probast"].blocks if isinstance(b, Table) for row in b.rows for cell in row)
    assert "low risk" not in said.lower()
    assert said.count("For independent assessors") == 8


def test_only_record_applies_where_there_is_no_model() -> None:
    for sample in ("described", "described_bare", "described_without_numbers"):
        assert list(made(evidence(sample))) == ["record"]


def test_items_of_development_do_not_apply_to_a_model_that_was_made_elsewhere() -> None:
    of = stored()
    assert of.stored
    found = {a.item["item"]: a for a in answers("tripod_ai.yaml", "items", of, SETTINGS, {})}
    assert {item for item, a in found.items() if a.state == "not applicable"} == DEVELOPMENT_ONLY
    audit = [block for block in made(of)["probast"].blocks if isinstance(block, Table)]
    assert [table.caption for table in audit] == ["Evaluating the model (risk of bias)"]
    assert "eight do not apply" in _brief(made(of)["tripod"]).lower()


def test_what_no_run_can_know_is_left_to_the_authors_whatever_was_found() -> None:
    for sample in ("region", "bare"):
        found = {a.item["item"]: a for a in answers("tripod_ai.yaml", "items", evidence(sample), SETTINGS, {})}
        for item in ("17", "18a", "18b", "18d", "19", "27b"):
            assert found[item].state == "for the authors"
            assert not found[item].said
    counted = _brief(made(evidence())["tripod"])
    assert "are left to the authors (17, 18a, 18b, 18d, 19 and 27b)" in counted


# ------------------------------------------------------------------ answers change with the numbers


def _brief(chapter: Chapter) -> str:
    block = chapter.blocks[0]
    assert isinstance(block, Prose)
    return " ".join([*block.paragraphs, *block.items])


def _tuned(**summary: Any) -> dict[str, Any]:
    base = samples.region().tuning
    return {**base, "summary": {**base["summary"], **summary}}


def _sizes(n: float) -> Any:
    return samples.region().sizes.assign(n=n)


def _head(n: float) -> dict[str, Any]:
    head = samples.region().headline
    development = {**head["by_split"]["development"], "n": n}
    return {**head, "by_split": {**head["by_split"], "development": development}}


def _told(method: float, attendance: float) -> Any:
    frame = samples.region().strategies.copy()
    frame.loc[frame["told_by"] == "admission_method", "n"] = method
    frame.loc[frame["told_by"] == "ae_segment", "n"] = attendance
    return frame


def _alarm(code: str) -> Any:
    checks = samples.region().checks
    row = {**checks.iloc[0].to_dict(), "code": code, "severity": "error"}
    return checks._append(row, ignore_index=True)


def _measure(measure: str, estimate: float, lower: float, upper: float) -> Any:
    return samples.with_number(samples.region(), measure, estimate, lower, upper).performance


def _defined(item: str, value: str) -> Any:
    frame = samples.region().definitions
    return frame._append({"item": item, "value": value, "source": ""}, ignore_index=True)


@pytest.mark.parametrize(
    ("question", "changes", "reply", "number"),
    [
        ("enough_to_learn", {}, "Probably yes", "7,025"),
        ("enough_to_learn", {"headline": _head(3_400.0)}, "No", "3,400"),
        ("enough_to_learn", {"tuning": _tuned(sizes={"shrinkage": 7_100})}, "No", "7,100"),
        ("enough_to_learn", {"headline": _head(math.nan)}, "No information", ""),
        ("enough_to_judge", {}, "Probably no", "9,000"),
        ("enough_to_judge", {"sizes": _sizes(9_500.0)}, "Yes", "9,500"),
        ("enough_to_judge", {"sizes": _sizes(500.0)}, "No", "500"),
        ("outcome_told", {}, "For the authors", "76%"),
        ("outcome_told", {"strategies": _told(90_000.0, 5_000.0)}, "Probably yes", "95%"),
        ("outcome_told", {"strategies": _told(20_000.0, 60_000.0)}, "Probably no", "25%"),
        ("outcome_told", {"strategies": _told(math.nan, 60_000.0)}, "No information", ""),
        ("leakage", {}, "Probably yes", "0.64"),
        ("leakage", {"checks": _alarm("HFR101")}, "No", "HFR101"),
        ("available", {"checks": _alarm("HFR102")}, "Probably no", "HFR102"),
        ("overfitting", {}, "Yes", "0.97"),
        ("overfitting", {"performance": _measure("calibration_slope", 0.7, 0.6, 0.8)}, "Probably no", "0.70"),
        ("all_measures", {}, "Yes", "0.64"),
        ("all_measures", {"performance": _measure("net_benefit@0.20", *[math.nan] * 3)}, "Probably no", "net benefit"),
        ("interval", {"definitions": _defined("Complete follow-up", "not required")}, "Probably no", "days 0 to 29"),
        ("predictors_blind", {"definitions": _defined("Time of prediction", "at discharge")}, "Yes", ""),
        ("design", {"headline": {**samples.region().headline, "index_discharges": 812.0}}, "Probably yes", "812"),
        ("imbalance", {"tuning": {**samples.region().tuning, "best": {"scale_pos_weight": 4.0}}}, "Yes", "platt"),
        ("outcome_alike", {"checks": _alarm("HFR050")}, "Probably no", "HFR050"),
    ],
)  # fmt: skip
def test_a_released_number_decides_the_answer_and_stands_in_it(
    question: str, changes: dict[str, Any], reply: str, number: str
) -> None:
    judged = QUESTIONS[question](evidence(**changes))
    assert judged.reply == reply
    assert number in judged.why


def test_every_answer_is_one_of_probasts_or_left_to_the_authors() -> None:
    for sample in ("region", "bare", "tiny"):
        of = evidence(sample)
        for question in QUESTIONS.values():
            judged = question(of)
            assert judged.reply in get_args(Reply)
            assert judged.why.endswith(".")
    assert set(get_args(Reply)) >= AGAINST


def test_the_chapter_tells_what_speaks_against_the_work() -> None:
    before = _brief(made(evidence())["probast"])
    after = _brief(made(evidence(headline=_head(3_400.0)))["probast"])
    assert "Making 4.1" not in before
    assert (
        "Making 4.1: Were there enough people to learn from? No.** Riley's criteria ask for 3,500 discharges" in after
    )
    assert "Evaluating 4.2" in before


def test_facts_change_with_the_numbers() -> None:
    known = facts(SETTINGS)
    told = {name: (fact(evidence()), fact(evidence("desynpuf"))) for name, fact in known.items()}
    for name in ("performance", "partition", "sample_size", "verdict", "ranked", "level", "fairness", "limits", "flow"):
        first, second = told[name]
        assert first != second, name
        assert re.search(r"\d", first), name


def test_who_is_on_both_sides_of_the_split_depends_on_the_split() -> None:
    study = samples.region().study
    at_others = QUESTIONS["leakage"](evidence(study={**study, "tested": "geographical"})).why
    assert "discharges at other trusts; nobody of the test is in development" in at_others
    assert "The same people may be on both sides" in QUESTIONS["leakage"](evidence()).why
    assert "made on other data" in QUESTIONS["leakage"](stored()).why


def test_a_repeated_search_in_the_bootstrap_is_every_step() -> None:
    import pandas as pd

    optimism = pd.DataFrame([{"measure": "auroc", "optimism": 0.021, "suppressed": ""}])
    study = samples.region().study
    again = {**study, "settings": {**study["settings"], "designs": {"retune_trials": 20}}}
    assert QUESTIONS["every_step"](evidence()).reply == "Probably no"
    assert QUESTIONS["every_step"](evidence(optimism=optimism)).reply == "Probably no"
    judged = QUESTIONS["every_step"](evidence(optimism=optimism, study=again))
    assert (judged.reply, "20 trials" in judged.why) == ("Yes", True)
    assert "0.021" in QUESTIONS["overfitting"](evidence(optimism=optimism)).why


# ------------------------------------------------------------------ the card


def test_the_card_has_mitchells_sections_and_chais_fields_in_order(region_report: Rendered) -> None:
    card = str(region_report.model_card)
    headings = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert headings == [*MITCHELL, "The fields of CHAI's applied model card"]
    assert re.findall(r"^\| ([\w.]+) \|", card.split("|---|---|")[1], re.MULTILINE) == CHAI
    assert "| FundingSource | *For the authors: who paid.* |" in card
    assert "AUROC 0.64 (0.61 to 0.67)" in card
