"""What ``stockproof erp check`` tells of data rules that would leave out rows of a table, or stop a run because they are too many."""

from typing import Final

from pipelines.core.text import count
from pipelines.extract.profiles import Profile
from pipelines.io import erp
from pipelines.onboarding.findings import Finding, items_of, named, rows
from pipelines.onboarding.findings import share as _share
from pipelines.validate import rules

REFERENCES: Final = {
    "unknown_item": ("item_id", "items"),
    "unknown_location": ("location_id", "locations"),
    "unknown_supplier": ("supplier_id", "suppliers"),
    "ordered_from_unknown_supplier": ("supplier_id", "suppliers"),
    "unknown_purchase_order": ("po_id", "purchase_orders"),
}
"""Rule → column of its tables, and the table that must hold its value."""

COSTED: Final = 0.5
"""Share of the items that must carry a unit_cost, as the rule ``items_have_costs`` says."""

NOWHERE_ELSE: Final = ("locations", "item_suppliers")
"""Tables of which no other finding says that they are empty."""

STATUSES: Final = ("open", "received", "cancelled")


def findings(profile: Profile) -> list[Finding]:
    """Rows that a run would leave out because of what they refer to, orders without a status, items without a cost.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding for each table and rule that is broken.
    """
    found = []
    held = {table: items_of(profile, table, column=column) for column, table in REFERENCES.values()}
    for rule in rules.load("sources").rules:
        if rule.name in REFERENCES:
            column, table = REFERENCES[rule.name]
            found += _broken(profile, rule, column, held[table], f"that {table} does not hold")
        elif rule.name == "status_unknown":
            found += _broken(profile, rule, "lower(trim(status))", set(STATUSES), f"other than {', '.join(STATUSES)}")
        elif rule.name == "table_has_rows" and rule.table in NOWHERE_ELSE:
            found += _empty(profile, rule.table)
    return found + _costs(profile)


def _empty(profile: Profile, table: str) -> list[Finding]:
    source = profile.sources[table]
    if source is None or rows(f"select 1 as one from (\n{source.query}\n) t limit 1").height:
        return []
    return [Finding("rules", "not usable", f"{table} has no row: a run stops there")]


def _broken(profile: Profile, rule: rules.DataRule, column: str, allowed: set[str], words: str) -> list[Finding]:
    """What a rule says that a column's values are among some."""
    source = profile.sources[rule.table]
    if source is None:
        return []
    values = rows(f"select min({column}), count(*) from (\n{source.query}\n) t group by {erp.exactly(column)}").rows()
    bad = {value: number for value, number in values if value not in allowed}
    number, total = sum(bad.values()), sum(each for _, each in values)
    stops = rule.stops(number, total)
    if not bad or (not stops and (rule.table, rule.name) == ("sales", "unknown_item")):  # listed by SKU
        return []
    name = column.removeprefix("lower(trim(").removesuffix("))")
    sentence = (
        f"{count(number, 'row')} of {rule.table} ({_share(number, total)}) have a {name} {words} "
        f"({named(sorted(str(value or 'empty') for value in bad))})"
    )
    if stops:
        return [Finding("rules", "not usable", f"{sentence}: more than a run goes on without; {rule.remedy}")]
    kept = "they count all the same" if rule.severity == "review" else "they go to quarantine"
    return [Finding("rules", "usable without", f"{sentence}; {kept}")]


def _costs(profile: Profile) -> list[Finding]:
    items = items_of(profile, "items")
    lacking = items - items_of(profile, "items", "unit_cost > 0")
    if not lacking:
        return []
    sentence = f"{count(len(lacking), 'item')} of {len(items)} have no unit_cost above zero ({named(sorted(lacking))})"
    if len(items_of(profile, "items", "unit_cost is not null")) < COSTED * len(items):
        return [Finding("costs", "not usable", f"{sentence}: a run needs the cost of half of them at least")]
    return [Finding("costs", "usable without", f"{sentence}; nothing is planned of them")]
