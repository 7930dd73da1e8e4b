"""The passport of a SKU: what the policy the run applies would have done on its own past, and what it was computed from."""

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.ordering.rules import EXPECTED_COST, MIN_MAX
from pipelines.replay import choose, hashes, measures
from pipelines.replay.choose import daily_cost
from pipelines.replay.guard import saving_interval
from pipelines.replay.replay import Played
from pipelines.replay.tables import KEY, Recorded
from pipelines.settings import Settings

BLOCK_DAYS: Final = 28
"""Days of a block in the interval of the reported saving: four of them fit into the days that report."""

FIGURES: Final = (
    "fill_rate",
    "in_stock_rate",
    "mean_stock_value",
    "holding_cost",
    "shortage_cost",
    "ordering_cost",
    "total_cost",
)

OURS, INCUMBENT, NONE = "ours", "incumbent", "none"


def replays(rows: Recorded, played: Played, as_of: date, policy: str, *, bounds: bool = False) -> pl.DataFrame:
    """Rows of plan.replays (or, on imputed demand, of plan.replay_bounds) of one policy; SKUs it could not be played for are absent."""
    return _totals(rows, played, as_of, policy, bounds=bounds).filter(played.present[policy])


def choices(rows: Recorded, played: Played, as_of: date, config: Settings) -> pl.DataFrame:
    """Rows of plan.choices: one a SKU.

    Args:
        rows: what was read.
        played: its replay.
        as_of: the run's date.
        config: confidence of the interval.

    Returns:
        The rows, in the order of the SKUs.
    """
    choice, selected = played.choice, played.selected
    names = [selected.candidates[k] for k in selected.number]
    frame = rows.skus.select(pl.lit(as_of).alias("as_of"), *KEY).with_columns(
        pl.Series("choice", _applied(played)),
        pl.Series("basis", choice.basis.astype(str)),
        pl.Series("candidate", [c.name for c in names]),
        pl.Series("policy", [c.policy for c in names]),
        pl.Series("forecaster", [c.forecaster for c in names]),
        _maybe("service_level", selected.service),
        _maybe("saving_per_day", choice.saving),
        _maybe("saving_low", choice.low),
        _maybe("saving_high", choice.high),
        pl.Series("guard_days", choice.days.astype(np.int32)),
        pl.lit(config.forecast.confidence_level).alias("confidence"),
    )
    reasons = [
        _reason(row, bool(picked)) for row, picked in zip(frame.iter_rows(named=True), selected.picked, strict=True)
    ]
    return frame.with_columns(pl.Series("reason", reasons, dtype=pl.String))


def candidates(rows: Recorded, played: Played, as_of: date) -> pl.DataFrame:
    """Rows of plan.candidates: what each candidate would have cost, for SKUs that could be replayed."""
    keys = rows.skus.select(pl.lit(as_of).alias("as_of"), *KEY)
    frames = [
        keys.with_columns(
            pl.lit(c.name).alias("candidate"),
            pl.lit(c.forecaster).alias("forecaster"),
            *(
                pl.Series(f"cost_{phase}", played.selected.costs[k, p])
                for p, phase in enumerate(("select", "guard", "judged"))
            ),
        ).filter(played.present["candidate"] & ~np.isnan(played.selected.costs[k, 0]))
        for k, c in enumerate(played.selected.candidates)
    ]
    return pl.concat(frames)


def audits(rows: Recorded, played: Played, as_of: date, config: Settings) -> pl.DataFrame:
    """Rows of plan.service_audit: SKUs with at least one lead-time window."""
    audit = played.audit
    return (
        rows.skus.select(pl.lit(as_of).alias("as_of"), *KEY)
        .with_columns(
            pl.Series("policy", [played.selected.candidates[k].forecaster for k in played.selected.number]),
            pl.lit(config.costs.service_target).alias("target"),
            pl.Series("windows", audit.windows.astype(np.int32)),
            pl.Series("covered", audit.covered.astype(np.int32)),
            pl.Series("covered_seen", audit.covered_seen.astype(np.int32)),
            pl.Series("expected", audit.expected),
        )
        .filter(pl.col("windows") > 0)
    )


def passports(rows: Recorded, played: Played, as_of: date, config: Settings, failing: pl.DataFrame) -> pl.DataFrame:
    """Rows of plan.passports: one for each SKU that the run's policy could be replayed for.

    Args:
        rows: what was read.
        played: its replay.
        as_of: the run's date.
        config: confidence and seed of the interval.
        failing: keys of SKUs whose books do not add up.

    Returns:
        The rows, in the order of the SKUs.
    """
    chosen = choices(rows, played, as_of, config)
    ours = _totals(rows, played, as_of, "candidate", bounds=False)
    wide = _bounds(rows, played, as_of)
    first = played.window.first + timedelta(days=int(played.days.warmup))
    frame = chosen.select("as_of", *KEY, "choice", "policy", "forecaster").with_columns(
        pl.when(pl.col("choice") == INCUMBENT).then(pl.lit(MIN_MAX)).otherwise("policy").alias("policy"),
        pl.when(pl.col("choice") == INCUMBENT).then(pl.lit("none")).otherwise("forecaster").alias("forecaster"),
        pl.lit(first).alias("judged_from"), pl.lit(as_of).alias("judged_until"),
        ours["days"], ours["censored_days"],
        *_figures(ours, ""),
        *(pl.when(pl.Series(played.present[who])).then(value).otherwise(None).alias(value.name)
          for who in ("incumbent", "recorded") for value in _figures(_totals(rows, played, as_of, who, bounds=False), f"{who}_")),
        *_saving(played, config), *wide,
    )  # fmt: skip
    frame = frame.join(
        failing.select(*KEY, pl.lit(value=False).alias("calibrated")), on=KEY, how="left", maintain_order="left"
    )
    frame = frame.with_columns(pl.col("calibrated").fill_null(value=True))
    frame = frame.join(hashes.row_hashes(rows), on=KEY, how="left", maintain_order="left").with_columns(
        pl.lit(hashes.config_hash(config)).alias("config_hash"), pl.lit(hashes.code_version()).alias("code_version")
    )
    return frame.filter(played.present["candidate"])


def _totals(rows: Recorded, played: Played, as_of: date, policy: str, *, bounds: bool) -> pl.DataFrame:
    """Rows of plan.replays of every SKU, also of those the policy could not be played for."""
    keys = rows.skus.select(pl.lit(as_of).alias("as_of"), *KEY)
    days = played.days
    hidden = played.window.stockout[:, played.window.run_up :] & days.active()
    censored = hidden.sum(axis=1).astype(np.int64)
    outcome = (played.bounds if bounds else played.outcomes)[policy]
    return measures.by_sku(keys, policy, outcome, played.rates, days, censored)


def _applied(played: Played) -> list[str]:
    kept = played.choice.basis == choose.NOT_REPLAYED
    return [NONE if k else INCUMBENT if i else OURS for k, i in zip(kept, played.choice.kept, strict=True)]


def _figures(totals: pl.DataFrame, prefix: str) -> list[pl.Series]:
    """The seven figures of a policy; the fill rate is null where nothing was asked for, in-stock rate 1 where it was never on sale."""
    fill = totals.select(pl.when(pl.col("demand_units") > 0).then(pl.col("sold_units") / pl.col("demand_units")))
    found = {
        "fill_rate": fill.to_series(),
        "in_stock_rate": 1.0 - totals["stockout_days"] / totals["days"].clip(1),
        **{name: totals[name] for name in FIGURES[2:]},
    }
    return [values.alias(prefix + name) for name, values in found.items()]


def _saving(played: Played, config: Settings) -> list[pl.Series]:
    """Saving of the applied policy against the incumbent over the days that report, with its interval."""
    incumbent, ours = (daily_cost(played.outcomes[name], played.rates) for name in ("incumbent", "candidate"))
    since, first = played.days.warmup, np.maximum(played.days.start - played.days.warmup, 0)
    counted = np.maximum(played.days.total - played.days.first, 0)
    confidence, seed = config.forecast.confidence_level, config.forecast.seed
    mean, low, high = saving_interval((incumbent - ours)[:, since:], confidence, seed, BLOCK_DAYS, first)
    compared = np.where(played.present["incumbent"] & played.present["candidate"], 1.0, np.nan)
    ends = [mean * counted, low * counted, high * counted]
    return [
        _maybe(name, end * compared) for name, end in zip(("saving", "saving_low", "saving_high"), ends, strict=True)
    ]


def _bounds(rows: Recorded, played: Played, as_of: date) -> list[pl.Series]:
    """Saving on imputed demand, and the units lost on seen and on imputed demand."""
    seen, theirs, ours = (
        _totals(rows, played, as_of, policy, bounds=bounds)
        for policy, bounds in (("candidate", False), ("incumbent", True), ("candidate", True))
    )
    compared = np.where(played.present["incumbent"] & played.present["candidate"], 1.0, np.nan)
    saving = (theirs["total_cost"] - ours["total_cost"]).to_numpy()
    lost = np.sort(np.stack([seen["lost_units"].to_numpy(), ours["lost_units"].to_numpy()]), axis=0)
    return [
        _maybe("saving_imputed", saving * compared),
        pl.Series("lost_units_low", lost[0]),
        pl.Series("lost_units_high", lost[1]),
    ]


def _maybe(name: str, values: Floats) -> pl.Series:
    """Numbers as they are; not known, or an interval without an end, is null."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan)).fill_nan(None)


def _reason(row: dict[str, Any], picked: bool) -> str:
    """One sentence on why the policy of a SKU is what it is; ``picked``: for what it saved on earlier days."""
    basis, days = row["basis"], row["guard_days"]
    if basis == choose.NOT_REPLAYED:
        return "The past could not be replayed: no lead time is agreed, or the item was not on sale."
    if basis == choose.NO_INCUMBENT:
        return f"The ERP holds no minimum and maximum to keep; {row['candidate']} {_selected(row['policy'], picked)}."
    if basis == choose.BOOKS:
        return "The ERP's minimum and maximum stay: its stock counts are not explained by receipts and sales, so a replay proves nothing."
    if row["saving_low"] is None:
        return f"The ERP's minimum and maximum stay: {days} days of replay are too few to prove a saving."
    money = f"{row['saving_per_day']:.2f} a day ({row['confidence']:.0%} interval {row['saving_low']:.2f} to {row['saving_high']:.2f})"
    if basis == choose.PROVEN:
        return f"{row['candidate']} saved {money} against the ERP's minimum and maximum over {days} days of replay."
    return f"The ERP's minimum and maximum stay: over {days} days the saving of {row['candidate']} was {money}, which proves none."


def _selected(policy: str, picked: bool) -> str:
    """How a candidate came to be the SKU's."""
    if policy == EXPECTED_COST:
        return "applies, as the SKU may be ordered at every review"
    return (
        "surely saved most of the candidates on earlier days"
        if picked
        else "applies, as no other candidate surely saved on earlier days"
    )
