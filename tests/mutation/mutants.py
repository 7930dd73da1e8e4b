"""The mutants: one change each, and the tests that have to find it."""

from dataclasses import dataclass

ONCE = ("tests/integration/test_release_once.py", "tests/integration/test_release_faults.py")
WINDOWS = ("tests/unit/extract/test_windows.py", "tests/integration/test_extract.py")
MARTS = ("tests/dbt/test_no_leak.py", "tests/dbt/test_unit_tests.py")
GATES = ("tests/integration/test_validate_sources.py",)
REGISTRY = ("tests/unit/io/test_registry.py",)


@dataclass(frozen=True)
class Mutant:
    """One planted fault.

    Attributes:
        fault: what it breaks.
        file: where.
        sound: the text there, which occurs once.
        broken: what takes its place.
        tests: files that have to fail.
    """

    fault: str
    file: str
    sound: str
    broken: str
    tests: tuple[str, ...]


ERP, RELEASE = "pipelines/io/erp_orders.py", "pipelines/orders/release.py"
WINDOW, STAGED = "pipelines/extract/windows.py", "dbt/macros/as_of_rows.sql"
AS_OF_END = "raw_rows._recorded_at <= {{ as_of_end() }}"

MUTANTS = (
    # Exactly once
    Mutant(
        "the ERP is not asked whether it holds the order",
        ERP,
        "held = _find(connection, order.key)\n",
        "held = None\n",
        ONCE,
    ),
    Mutant(
        "lines that are there are written again", ERP, "if line.line_no in numbers:", "if line.line_no in ():", ONCE
    ),
    Mutant(
        "each release has a lock of its own",
        ERP,
        'name = f"stockproof:{key}"',
        'name = f"stockproof:{id(connection)}"',
        ONCE,
    ),
    Mutant(
        "head and lines are no transaction",
        ERP,
        "with connection.begin():\n                yield connection",
        "yield connection",
        ONCE,
    ),
    Mutant(
        "what the holder before wrote is not seen",
        ERP,
        'isolation_level="READ COMMITTED"',
        'isolation_level="REPEATABLE READ"',
        ONCE,
    ),
    Mutant(
        "no intention is written",
        RELEASE,
        '        if order["state"] == states.APPROVED:\n            store.move(connection, order, states.SUBMITTED',
        "        if False:\n            store.move(connection, order, states.SUBMITTED",
        ONCE,
    ),
    Mutant(
        "what was acknowledged is sent again",
        RELEASE,
        '        if order["state"] != states.SUBMITTED:\n            return None\n',
        "",
        ONCE,
    ),
    Mutant("an order changes its way", RELEASE, 'if order["adapter"] != to.name:', 'if order["adapter"] == "":', ONCE),
    Mutant("what cannot be read back is acknowledged", RELEASE, "if answer is None:", 'if answer == "":', ONCE),
    Mutant(
        "a refusal of a repeated order is believed", RELEASE, "return to.find(document.key) or no", "return no", ONCE
    ),
    Mutant(
        "orders of another ERP are sent",
        RELEASE,
        "if number in foreign or number in asked:",
        "if number in asked:",
        ONCE,
    ),
    Mutant(
        "what was submitted is forgotten",
        "pipelines/orders/states.py",
        "TO_RELEASE: Final = (APPROVED, SUBMITTED)",
        "TO_RELEASE: Final = (APPROVED,)",
        ONCE,
    ),
    Mutant(
        "two releases hold the same order",
        "pipelines/orders/store.py",
        "where order_id = :order_id for update",
        "where order_id = :order_id",
        ONCE,
    ),
    Mutant(
        "a new key each time",
        "pipelines/core/purchase_order.py",
        "return str(uuid.uuid5(_NAMESPACE, order))",
        "return str(uuid.uuid4())",
        ONCE,
    ),
    # As-of
    Mutant(
        "the day ends a day later",
        "pipelines/core/calendar.py",
        "return datetime.combine(as_of, time.max)",
        "return datetime.combine(as_of + timedelta(days=1), time.max)",
        WINDOWS,
    ),
    Mutant(
        "the window reaches an hour into the next day",
        WINDOW,
        "high = as_of_end(as_of) + TICK",
        "high = as_of_end(as_of) + TICK + timedelta(hours=1)",
        WINDOWS,
    ),
    Mutant(
        "the window ends a tick early", WINDOW, "high = as_of_end(as_of) + TICK", "high = as_of_end(as_of)", WINDOWS
    ),
    Mutant(
        "an earlier date reads up to the watermark",
        WINDOW,
        "Window(low, min(known, high))",
        "Window(low, known)",
        WINDOWS,
    ),
    Mutant("no overlap", WINDOW, " - timedelta(days=overlap_days)\n", "\n", WINDOWS),
    Mutant("the overlap is counted from the watermark", WINDOW, "min(known, newest + TICK)", "known", WINDOWS),
    Mutant("slices leave a gap", WINDOW, "low, rows = start, 0", "low, rows = start + TICK, 0", WINDOWS),
    Mutant(
        "staging sees later versions", STAGED, f"{{%- if versioned %}} {AS_OF_END}", "{%- if versioned %} true", MARTS
    ),
    Mutant("staging sees later snapshots", STAGED, " where snapshots._recorded_at <= {{ as_of_end() }}", "", MARTS),
    Mutant(
        "staging takes the oldest version",
        STAGED,
        "raw_rows._recorded_at desc, (refused",
        "raw_rows._recorded_at, (refused",
        MARTS,
    ),
    Mutant(
        "sales dated ahead count",
        "dbt/models/staging/stg_erp__sales.sql",
        "where sold_on <= {{ as_of() }}",
        "where true",
        MARTS,
    ),
    Mutant(
        "gates look at later rows",
        "pipelines/validate/as_of.py",
        'known = f"_recorded_at <= {end}"',
        'known = "true"',
        GATES,
    ),
    Mutant(
        "a model of a later date serves",
        "pipelines/io/registry_versions.py",
        "if first <= as_of and (last",
        "if (last",
        REGISTRY,
    ),
    Mutant(
        "a challenger of a later date is played",
        "pipelines/io/registry_versions.py",
        "v.trained_as_of <= as_of and v.number > after",
        "v.number > after",
        REGISTRY,
    ),
)
