# Every target works from a fresh clone: it installs what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
AS_OF  ?= 2026-06-28
unexport PYTHONDONTWRITEBYTECODE  # bytecode is worth keeping: Airflow starts a process a task

.PHONY: demo test worlds cases life lint format bench docs ui stop venv dev requirements clean nightly faults days mutation celery sbom drills soak
.DEFAULT_GOAL := demo

## demo: environment, embedded stack, sample ERP, training and one daily run through Airflow
demo: venv
	@$(BIN)/stockproof up
	@$(BIN)/stockproof erp seed --until $(AS_OF)
	@$(BIN)/stockproof run training --as-of $(AS_OF)
	@$(BIN)/stockproof run daily --as-of $(AS_OF)
	@$(BIN)/stockproof orders export --as-of $(AS_OF) --format csv --output .stockproof/reports/orders-$(AS_OF).csv
	@echo "report    $(CURDIR)/.stockproof/reports/stockproof-$(AS_OF).html"
	@echo "proposals $(CURDIR)/.stockproof/reports/orders-$(AS_OF).csv"
	@$(BIN)/stockproof desk

## test: lint, then unit tests, then everything that needs real servers (it starts its own), the scheduler last and alone
# Of the field cases those that share one load; `make cases` plays all.
# A file's tests share what its first one made, so they stay on one worker; the longest come first, in the order named.
# What a server does not survive would fail every later test, each after a wait: five failures are enough to begin with.
test: lint
	@$(BIN)/pytest tests/worlds tests/unit -n 2 --dist loadfile
	@$(BIN)/pytest tests/dags tests/integration tests/dbt -n 2 --dist loadfile --no-loadscope-reorder --durations 10 --maxfail 5
	@$(BIN)/pytest tests/cases -m "not own_load"
	@$(BIN)/pytest tests/e2e --durations 5

## worlds: companies of known truth through the whole product, into docs/worlds.md
worlds: dev
	@$(BIN)/python -m tests.worlds

## cases: small books as users of other systems reported them, through the whole product
cases: dev
	@$(BIN)/pytest tests/cases

## life: ten companies played day by day for thirty days, with kills, reruns and changes in the ERP
life: dev
	@LIFE_SEEDS="1 2 3 4 5 6 7 8 9 10" LIFE_DAYS=30 $(BIN)/pytest tests/life

## nightly: what takes too long for `make test`: the full catalogue from end to end, the fault matrix, played days, field cases
nightly: dev
	@$(BIN)/pytest tests/nightly/test_full_size.py
	@$(BIN)/python -m tests.faults
	@$(MAKE) --no-print-directory life cases

## drills: nightly: registry, advisor, ERP and warehouse away, forecasts absurd, a replay that fails, through the real scheduler
drills: dev
	@$(BIN)/pytest tests/nightly/test_drills.py tests/nightly/test_outcomes_120.py

## soak: nightly: 24 daily runs in a row on a growing ERP; do open files, connections, temporary data or time grow?
soak: dev
	@$(BIN)/python -m tests.bench.soak --state build/soak

## faults: every row of the fault matrix on real servers, into docs/faults.md; some: python -m tests.faults 5 7 --times 3
faults: dev
	@$(BIN)/python -m tests.faults

## days: 72 simulated days in a row with a random fault each, against the same days without
days: dev
	@$(BIN)/python -m tests.faults.days --until 72

## mutation: planted faults in the as-of date and in exactly-once release, each of which a test must find
mutation: dev
	@$(BIN)/python -m tests.mutation

## celery: three Celery workers without a shared disk do a run together; one is killed half-way, then Redis, then all
celery: dev
	@$(BIN)/pytest tests/nightly/test_celery.py

## sbom: what the environment holds, as CycloneDX in build/sbom.json, compared with what is pinned
sbom: dev
	@mkdir -p build
	@$(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment $(VENV) --pyproject pyproject.toml --of JSON -o build/sbom.json
	@$(BIN)/python -m tests.lint.sbom build/sbom.json

## lint: style, types and the direction of imports
lint: dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.lint.plain_words
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt/models dbt/tests

## format: let the formatter have its way
format: dev
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

## bench: every figure of the README, beside its peer
bench: dev
	@$(BIN)/python -m tests.bench

## docs: the pages as a site, in build/site; a broken link fails
docs: dev
	@TERM=dumb NO_COLOR=1 $(BIN)/python -m typer pipelines.cli utils docs --name stockproof --output docs/commands.md >/dev/null
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

## ui: where Airflow, MLflow and the report are
ui: venv
	@$(BIN)/stockproof up

## stop: end every server of the embedded stack
stop: venv
	@$(BIN)/stockproof down

venv: $(VENV)/installed

$(VENV)/installed: requirements.txt pyproject.toml
	@echo "environment: $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(VENV) --no-deps -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(VENV) --no-deps -e .
	@touch $@

# Tests, benchmarks, lint and the docs site need more than a run does.
dev: $(VENV)/installed-dev

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(BIN)/uv pip install --quiet --python $(VENV) --no-deps -r requirements-dev.txt
	@touch $@

## requirements: compile requirements.in and requirements-dev.in to exact versions
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --override requirements-overrides.txt
requirements: venv
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) --no-annotate -c requirements.txt requirements-dev.in -o requirements-dev.txt

clean: stop
	rm -rf $(VENV) .stockproof dbt/target dbt/logs
