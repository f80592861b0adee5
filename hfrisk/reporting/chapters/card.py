"""The score-card: what each item is worth, and the risk of each total."""

from __future__ import annotations

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, held, why_held
from hfrisk.reporting.exhibits import Chapter, Prose, Tabulator

__all__ = ["score_card"]

_KEY, _TITLE = "score-card", "A score-card on paper"
_LEAD = "A score that anyone can add up, and that can leave where a model of trees may not."


def score_card(evidence: Evidence) -> Chapter | None:
    """The card and its risks; None where none was made."""
    card, totals = evidence.released.points_card, evidence.released.points_risk
    if card.empty:
        return None
    if not card["points"].notna().any():
        return Chapter(_KEY, _TITLE, _LEAD, (Prose((f"The card is {why_held(card)}.",)),))
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for _, mine in card.groupby("item", sort=False):
        first = mine.iloc[0]
        unit = f" ({first['unit']})" if first["unit"] not in ("", "count") else ""
        rows.append((f"{words.capital(str(first['words']))}{unit}",))
        rows += [(words.capital(str(row["band"])), f"{row['points']:.0f}") for _, row in mine.iterrows()]
    items = card["item"].nunique()
    table = tab.table("Points of each item", ("Item and band", "Points"), rows)
    risks = Tabulator().table(
        "Risk of each total",
        ("Total", words.capital(f"risk that the person {evidence.came_back}")),
        [(f"{row['total']:.0f}", words.percent(row["risk"])) for _, row in totals.iterrows()],
        folded=True,
    )
    text = (
        f"Add up the points of the {words.in_words(items)} item{'s' if items > 1 else ''} and read the risk of the total from the second "
        f"table: from {words.percent(totals['risk'].min())} to {words.percent(totals['risk'].max())}. What is not recorded has points "
        "of its own, or is not on the card where it is always known. Items, bands, points and risks were chosen in development alone."
    )
    return Chapter(_KEY, _TITLE, _LEAD, (Prose((text, _how_good(evidence))), table, risks))


def _how_good(evidence: Evidence) -> str:
    auroc, ratio = (evidence.number(measure, model="points") for measure in ("auroc", "oe_ratio"))
    where = evidence.where()
    if not auroc.known:
        return f"How well it ranks people is {held(auroc)}."
    text = f"Its ranking (AUROC) in {where} is {auroc.text()}; this model's is {evidence.number('auroc').text()}"
    gap = evidence.gap("auroc", "points")
    if gap.with_interval:
        differs = gap.excludes(0, decimals=3)
        more = "more" if gap.estimate > 0 else "less"
        text += f": the model has {more}" if differs else ": no clear difference"
    return f"{text}. Observed over expected: {ratio.text()}." if ratio.known else f"{text}."
