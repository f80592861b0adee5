"""NYHA class and smoking, as clinicians state them: a concept of its own, an answer to a question, or a code of the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, on_grid, small_table
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.scores.facts import CODELIST

__all__ = ["statements"]

_VOCABULARIES = ("SNOMED", "LOINC")


def statements(context: Context) -> tuple[ir.Table | None, list[Feature]]:
    """The key with `nyha_class` (1 to 4) and `current_smoker`, where anybody has them, from the latest statement known in time.

    Of several statements on one day the graver one counts.
    """
    tables = [name for name in ("observation", "measurement") if context.cdm.has(name)]
    if not tables:
        return None, []
    listed: dict[str, Any] = read_yaml(CODELIST)["statements"]
    known = _known_concepts(context.cdm, listed)
    parts = [_stated(context, name, listed, known) for name in tables]
    rows = parts[0] if len(parts) == 1 else ibis.union(*parts)
    pairs = known_before_prediction(context, rows)
    for what, said in listed.items():
        if said["within_days"]:
            pairs = pairs.filter((pairs.what != what) | (pairs.days_ago <= said["within_days"]))
    daily = pairs.group_by([*KEYS, "what", "on"]).aggregate(value=pairs.value.max())
    latest = daily.group_by([*KEYS, "what"]).aggregate(value=daily.value.argmax(daily.on))
    latest = context.kept(latest, "statements")
    found = set(context.cdm.frame(latest.select("what").distinct(), "statements")["what"])
    entries = [entry for entry in _entries(context, tables) if entry.name in found]
    if not entries:
        return None, []
    columns = {entry.name: on_grid(latest.value.max(where=latest.what == entry.name), 1) for entry in entries}
    return latest.group_by(list(KEYS)).aggregate(**columns), entries


def _stated(context: Context, name: str, listed: Mapping[str, Any], known: list[dict[str, Any]]) -> ir.Table:
    """`person_id`, `on`, `known_at`, `what` and `value` of each row that states something."""
    cdm = context.cdm
    rows = events(context, name)
    rows = rows.select(
        "person_id",
        "on",
        "known_at",
        concept=rows[f"{name}_concept_id"],
        answer=rows.value_as_concept_id if "value_as_concept_id" in rows.columns else ibis.null("int64"),
        number=rows.value_as_number,
        text=rows[f"{name}_source_value"].strip(),
    )
    asked = [row for row in known if row["kind"] == "question"]
    meant = [row for row in known if row["kind"] == "answer"]
    questions = small_table(cdm, [{"q_concept": row["concept"], "q_what": row["what"]} for row in asked])
    answers = [{"concept": row["concept"], "what": row["what"], "value": row["value"]} for row in meant]
    itself = small_table(cdm, answers).rename(s_concept="concept", s_what="what", s_value="value")
    given = small_table(cdm, answers).rename(a_concept="concept", a_what="what", a_value="value")
    codes = small_table(
        cdm, [{"c_code": code, "c_what": what, "c_value": value} for what, value, _, code in _codes(listed)]
    )
    numbers = small_table(
        cdm,
        [
            {"n_what": what, "lowest": float(said["lowest"]), "most": float(said["highest"])}
            for what, said in listed.items()
            if "lowest" in said
        ],
    )
    rows = rows.left_join(itself, rows.concept == itself.s_concept)
    rows = rows.left_join(questions, rows.concept == questions.q_concept)
    rows = rows.left_join(given, [rows.answer == given.a_concept, rows.q_what == given.a_what])
    rows = rows.left_join(numbers, rows.q_what == numbers.n_what)
    rows = rows.left_join(codes, rows.text == codes.c_code)
    number = rows.number
    whole = number.between(rows.lowest, rows.most) & (number == number.floor())
    # "smoker: no" does not state a smoker
    denied = rows.answer.isin(read_yaml(CODELIST)["denials"]).fill_null(False)
    # a question says nothing but by its answer
    answered = ibis.coalesce(rows.a_value, ibis.ifelse(whole, number, ibis.null("float64")))
    value = ibis.ifelse(rows.q_what.notnull(), answered, ibis.coalesce(rows.s_value, rows.c_value))
    what = ibis.coalesce(rows.q_what, rows.s_what, rows.c_what)
    rows = rows.filter(what.notnull(), value.notnull(), ~denied)
    return rows.select("person_id", "on", "known_at", what=what, value=value.cast("float64"))


def _codes(listed: Mapping[str, Any]) -> Iterator[tuple[str, float, str, str]]:
    """What, value, vocabulary and code of each answer that has a code."""
    for what, said in listed.items():
        for answer in said["answers"]:
            for vocabulary in _VOCABULARIES:
                for code in answer.get(vocabulary, ()):
                    yield what, float(answer["value"]), vocabulary, code


def _known_concepts(cdm: Cdm, listed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each concept once: that the list names, or that has one of its codes in the source's vocabulary."""
    wanted: dict[tuple[str, str], dict[str, Any]] = {
        (vocabulary, code): {"kind": "answer", "what": what, "value": value}
        for what, value, vocabulary, code in _codes(listed)
    }
    found: dict[int, dict[str, Any]] = {}
    for what, said in listed.items():
        question = {"kind": "question", "what": what, "value": 0.0}
        wanted |= {(v, code): question for v, codes in said["question_codes"].items() for code in codes}
        found |= {concept: question for concept in said["questions"]}
        for answer in said["answers"]:
            told = {"kind": "answer", "what": what, "value": float(answer["value"])}
            found |= {concept: told for concept in answer.get("concepts", ())}
    if cdm.has("concept"):
        table = cdm.table("concept")
        table = table.filter(
            table.concept_code.isin(sorted({code for _, code in wanted})), table.vocabulary_id.isin(list(_VOCABULARIES))
        )
        frame = cdm.frame(
            table.select("concept_id", "vocabulary_id", "concept_code").order_by("concept_id"), "concepts"
        )
        for row in frame.itertuples():
            meant = wanted.get((str(row.vocabulary_id), str(row.concept_code)))
            if meant is not None:
                found[int(row.concept_id)] = meant
    return [{"concept": concept, **meant} for concept, meant in sorted(found.items())]


def _entries(context: Context, tables: list[str]) -> list[Feature]:
    within = read_yaml(CODELIST)["statements"]["nyha_class"]["within_days"]
    return [
        Feature(
            "nyha_class",
            "NYHA class, as last stated",
            family="scores",
            theme="Symptoms and habits",
            unit="class",
            window=f"from {within} days before admission",
            sources=tuple(tables),
            precision=1,
            lower=1,
            upper=4,
            direction="higher",
            monotone="increasing",
            role="more",
        ),
        Feature(
            "current_smoker",
            "current smoker, as last stated",
            family="scores",
            theme="Symptoms and habits",
            unit="",
            window="any time before",
            sources=tuple(tables),
            precision=1,
            lower=0,
            upper=1,
            direction="higher",
            modifiable=True,
            kind="binary",
            monotone="increasing",
            role="more",
        ),
    ]
