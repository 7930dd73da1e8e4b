"""Cost rates and the service level they imply.

A planner names a service level in several ways at once: a target share, a normal factor z, a cost ratio of stockout to overstock.
Each implies the others; a set that contradicts itself would make every saving meaningless, so it is refused.
"""

from statistics import NormalDist

TOLERANCE = 0.005
"""Two service levels this close mean the same (z = 1.65 is 0.9505, called 95 %)."""


BOOSTER_RATIO = 3.0
"""Cost of a unit short over a unit left over by which boosters with the asymmetric objective learn where the configuration names none."""


def service_level_of_factor(service_factor: float) -> float:
    """Cycle service level of a normal safety factor z.

    Args:
        service_factor: z, standard deviations of lead-time demand held as safety stock.

    Returns:
        Φ(z).

    >>> round(service_level_of_factor(1.65), 4)
    0.9505
    """
    return NormalDist().cdf(service_factor)


def critical_ratio(underage: float, overage: float) -> float:
    """Newsvendor's optimal service level, C_u / (C_u + C_o) (Arrow, Harris & Marschak 1951).

    Args:
        underage: cost of one unit short (C_u), money per unit.
        overage: cost of one unit left over (C_o), money per unit.

    Returns:
        Probability in (0, 1).

    >>> critical_ratio(3, 1)
    0.75
    """
    return underage / (underage + overage)


def holding_cost_per_day(unit_cost: float, holding_cost_rate: float) -> float:
    """Cost of holding one unit for a day.

    Args:
        unit_cost: money per unit.
        holding_cost_rate: share of the stock's value per year.

    Returns:
        Money per unit and day.

    >>> holding_cost_per_day(365.0, 0.2)
    0.2
    """
    return unit_cost * holding_cost_rate / 365.0


def service_conflicts(target: float, factor: float | None, ratio: float | None) -> list[str]:
    """Contradictions among the ways a service level is given.

    Args:
        target: wanted cycle service level.
        factor: normal safety factor z, or None where not given.
        ratio: cost of a stockout over the cost of overstock, or None where not given.

    Returns:
        One sentence a contradiction, each with the value that would agree; empty where the set is consistent.

    >>> service_conflicts(0.95, 1.65, None)
    []
    >>> service_conflicts(0.95, 1.65, 3.0)
    ['stockout_to_overstock_ratio 3 implies a service level of 0.75, service_target is 0.95; a ratio of 19 would agree']
    """
    conflicts = []
    if factor is not None and abs(service_level_of_factor(factor) - target) > TOLERANCE:
        implied, agree = service_level_of_factor(factor), NormalDist().inv_cdf(target)
        conflicts.append(
            f"service_factor {factor:g} implies a service level of {implied:.3g}, service_target is {target:g}; {agree:.3g} would agree"
        )
    if ratio is not None and abs(critical_ratio(ratio, 1) - target) > TOLERANCE:
        conflicts.append(
            f"stockout_to_overstock_ratio {ratio:g} implies a service level of {critical_ratio(ratio, 1):.3g}, "
            f"service_target is {target:g}; a ratio of {target / (1 - target):.3g} would agree"
        )
    return conflicts
