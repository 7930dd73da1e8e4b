"""The sentences of the report. They say what was compared, what was left out, and never more than the figures hold. Pure."""

from datetime import date

from pipelines.core.text import count, verb
from pipelines.render.formats import money, percent, points, quantity, signed_percent
from pipelines.report.facts import Comparison, PolicyTotals, Proposals


def headline(found: Proposals, skus: int, risky: int) -> str:
    """The first sentence: what to buy and what is at risk.

    >>> headline(Proposals(2, 1500.0, 1, 0, 1), 10, 3)
    'Order 2 lines worth 1,500 from 1 vendor; without orders, 3 of 10 SKUs would more likely than not run out.'
    """
    if skus == 0:
        return "The run decided nothing: no SKU has both sales and a place in the item list."
    risk = f"{risky:,} of {count(skus, 'SKU')} would more likely than not run out."
    if found.lines == 0:
        return f"Nothing is proposed today; without orders, {risk}" if risky else "Nothing needs ordering today."
    lines, vendors = count(found.lines, "line"), count(found.vendors, "vendor")
    return f"Order {lines} worth {money(found.value)} from {vendors}; without orders, {risk}"


def verdict(compared: Comparison) -> str:
    """What the replay says of our policy against the ERP's rule: fill, stock value, cost."""
    ours, theirs = compared.totals["candidate"], compared.totals["incumbent"]
    fill = (
        f"our policy fills {percent(ours.fill)} of the units demanded where the ERP's minimum/maximum rule fills {percent(theirs.fill)}"
        if ours.fill is not None and theirs.fill is not None
        else "no unit was demanded"
    )
    return (
        f"Replayed on the last {count(compared.days, 'day')} of {count(compared.skus, 'SKU')}, {fill}, "
        f"with {_change(theirs.stock_value, ours.stock_value, 'stock')} "
        f"and {_change(theirs.total_cost, ours.total_cost, 'cost of holding, shortage and ordering')}. {_certainty(compared)}"
    )


def _change(before: float, after: float, noun: str) -> str:
    """How an amount changed, e.g. ``12.0% less stock (4,400 instead of 5,000)``."""
    if before <= 0:
        return f"{noun} of {money(after)} instead of {money(before)}"
    share = (after - before) / before
    if abs(share) < 0.0005:
        return f"the same {noun} ({money(after)})"
    return f"{percent(abs(share))} {'less' if share < 0 else 'more'} {noun} ({money(after)} instead of {money(before)})"


def _certainty(compared: Comparison) -> str:
    low, high = compared.cost_low, compared.cost_high
    if low is None or high is None:
        return "One SKU alone gives no interval, so no saving is shown."
    interval = f"{money(low)} to {money(high)}"
    if high < 0:
        return f"Across SKUs, the 95% interval of the cost change is {interval}: a saving."
    if low > 0:
        return f"Across SKUs, the 95% interval of the cost change is {interval}: our policy would have cost more."
    return f"Across SKUs, the 95% interval of the cost change is {interval}: it includes zero, so no saving is shown."


def caveats(compared: Comparison, omitted: list[tuple[str, int]]) -> list[str]:
    """What the comparison cannot know, and whom it leaves out."""
    found = []
    if compared.censored_days:
        low, unseen = compared.recorded_fill_low, compared.unseen_units
        bounds = f", and the fill of the books lies between {percent(low)} and 100%" if low is not None else ""
        missing = (
            ""
            if unseen is None
            else "If demand on those days was like that of the days around them, "
            f"{quantity(round(unseen))} {verb(round(unseen), 'unit is', 'units are')} missing from it{bounds}. "
        )
        found.append(
            f"On {count(compared.censored_days, 'SKU-day')} ({percent(compared.censored_share)} of those compared) "
            "the books show a stockout, "
            f"so part of the demand was never seen. {missing}"
            "The figures above are replayed on the demand that was seen."
        )
    else:
        found.append("The books show no stockout in the days compared, so demand was seen in full.")
    total = sum(number for _, number in omitted)
    if total:
        reasons = "; ".join(f"{number:,}: {reason}" for reason, number in omitted)
        found.append(f"{count(total, 'active SKU')} {verb(total, 'is', 'are')} left out of the comparison ({reasons}).")
    found.append("A replay says what would have happened to demand as it was; it does not promise what will happen.")
    return found


def no_comparison(ours: PolicyTotals | None, skus: int, omitted: list[tuple[str, int]]) -> str:
    """Why there is nothing to say of our policy against the ERP's, and what the replay of ours alone gives.

    Args:
        ours: totals of the candidate policy on all SKUs it was replayed for; None where there are none.
        skus: how many they are.
        omitted: SKUs that could not be compared, by reason.

    Returns:
        One to two sentences.
    """
    reasons = "; ".join(f"{number:,}: {reason}" for reason, number in omitted)
    because = f" ({reasons})" if reasons else ""
    why = f"No SKU could be replayed under both the ERP's rule and ours{because}, so no saving is reported."
    if ours is None or ours.fill is None:
        return why
    return (
        f"{why} Replayed alone on the past demand of {count(skus, 'SKU')}, our policy fills {percent(ours.fill)} of the units "
        f"demanded with a mean stock worth {money(ours.stock_value)}."
    )


def missing(has_stock: bool, has_orders: bool, has_policy: bool) -> list[str]:
    """What the ERP does not hold, and what that means for the page."""
    found = []
    if not has_stock:
        found.append(
            "The ERP holds no stock records: every quantity below assumes nothing on hand, so read the proposals "
            "as a full order up to the target, and there is no recorded stock to compare with."
        )
    if not has_orders:
        found.append(
            "The ERP holds no purchase orders: nothing counts as on order, and lead times are the agreed ones, not observed."
        )
    if not has_policy:
        found.append("The ERP holds no minimum and maximum per item, so there is no rule of its own to replay against.")
    return found


def weekday(day: date) -> str:
    """Name of the weekday.

    >>> weekday(date(2026, 6, 28))
    'Sunday'
    """
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[day.weekday()]


def difference(before: PolicyTotals, after: PolicyTotals) -> dict[str, str]:
    """Change from one policy to another, as texts for a table row."""

    def share(a: float, b: float) -> str:
        return signed_percent((b - a) / a) if a else "–"

    both = before.fill is not None and after.fill is not None
    return {
        "fill": points(after.fill - before.fill) if both else "–",  # type: ignore[operator]
        "in_stock": points(after.in_stock - before.in_stock),
        "stock_value": share(before.stock_value, after.stock_value),
        "holding_cost": share(before.holding_cost, after.holding_cost),
        "shortage_cost": share(before.shortage_cost, after.shortage_cost),
        "ordering_cost": share(before.ordering_cost, after.ordering_cost),
        "total_cost": share(before.total_cost, after.total_cost),
        "orders": share(before.orders, after.orders),
    }
