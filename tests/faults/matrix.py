"""Rows of the fault matrix. ``make faults`` runs their tests and writes docs/faults.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault.

    Attributes:
        fault: what happens.
        then: what holds afterwards.
        tests: ``file::function``, below tests/.
    """

    fault: str
    then: str
    tests: tuple[str, ...]


MATRIX = (
    Row(
        "ERP down before the extraction",
        "named before anything is read; the orders of earlier dates stand",
        (
            "integration/test_extract_messages.py::test_nobody_listens",
            "e2e/test_main_job.py::test_wrong_erp_is_named_before_anything_starts",
        ),
    ),
    Row(
        "ERP down in the middle of the extraction",
        "nothing of the slice is kept; the next run goes on after the last whole one",
        ("integration/test_extract_killed.py::test_a_stream_that_breaks_keeps_nothing_of_its_slice",),
    ),
    Row(
        "ERP slow or silent",
        "a slow answer is waited for; a silent one is given up after `erp.timeout_seconds`, by table",
        (
            "integration/test_erp_silent.py::test_a_slow_answer_is_no_silence",
            "integration/test_erp_silent.py::test_a_stream_that_falls_silent_in_the_middle_keeps_nothing_of_its_slice",
            "integration/test_erp_silent.py::test_a_server_that_accepts_and_says_nothing",
        ),
    ),
    Row(
        "ERP schema changed",
        "missing tables and columns are all named before anything is read; the warehouse keeps what it has",
        ("integration/test_extract_messages.py::test_missing_table_and_column_are_all_named_before_anything_is_read",),
    ),
    Row(
        "PostgreSQL killed in each stage of the day",
        "the step fails, PostgreSQL starts again with all that was committed, and the repeated step gives the same orders",
        ("faults/test_killed.py::test_postgresql_killed_in_each_stage",),
    ),
    Row(
        "PostgreSQL killed below Airflow, the registry and the day",
        "the command line starts it again, and the run goes on to the same orders",
        ("faults/test_scheduler.py::test_postgresql_killed_below_everything",),
    ),
    Row(
        "Power cut: every process killed at once",
        "started again, the day ends with the same orders",
        ("faults/test_killed.py::test_power_cut", "faults/test_scheduler.py::test_a_power_cut"),
    ),
    Row(
        "Worker killed in a mapped chunk of the replay",
        "noticed at once, the chunk is replayed again, and the orders are the same",
        ("faults/test_scheduler.py::test_a_worker_killed_in_a_mapped_chunk",),
    ),
    Row(
        "All workers killed, steps queued",
        "the steps are taken up again by themselves, and the orders are the same",
        ("faults/test_scheduler.py::test_all_workers_killed_at_once",),
    ),
    Row(
        "Scheduler killed",
        "the command line starts it again, and the run goes on to the same orders",
        ("faults/test_scheduler.py::test_the_scheduler_killed",),
    ),
    Row(
        "Out of memory in one chunk",
        "the chunk fails and is replayed again, with the same choices; nothing of the failed one is left",
        ("faults/test_killed.py::test_a_chunk_that_runs_out_of_memory_is_replayed_again",),
    ),
    Row(
        "Network cut between worker and warehouse",
        "the step fails by the warehouse's address, and the repeated step gives the same orders",
        ("faults/test_killed.py::test_network_cut_between_worker_and_warehouse",),
    ),
    Row(
        "Disk full under the warehouse",
        "the step fails by name; with room again the repeated step loses and doubles no row",
        ("faults/test_disk_full.py::test_a_full_disk_stops_the_step_by_name_and_costs_nothing",),
    ),
    Row(
        "Clock jump",
        "a run is its as-of date: the orders are the same; rows by an earlier clock count, rows recorded later today are not lost",
        (
            "faults/test_killed.py::test_a_clock_that_jumps_changes_no_order",
            "integration/test_extract.py::test_a_change_by_an_earlier_clock_takes_the_place_of_what_it_changed",
            "integration/test_extract.py::test_a_run_for_today_loses_nothing_recorded_later_today",
        ),
    ),
    Row(
        "Registry away",
        "the fallback forecasts, and each line says so; after three failures the registry is not asked for a while",
        (
            "integration/test_forecast.py::test_a_dead_registry_falls_back_by_name_and_stops_training",
            "integration/test_breaker.py::test_a_registry_that_is_away_is_not_asked_for_ever",
            "faults/test_killed.py::test_a_registry_that_is_away_is_named_on_every_line_and_at_the_top",
        ),
    ),
    Row(
        "Champion missing or corrupt",
        "the fallback forecasts, by name",
        (
            "integration/test_forecast.py::test_without_a_registered_model_the_fallback_serves_and_says_so",
            "integration/test_forecast.py::test_a_corrupt_artifact_falls_back_by_name",
        ),
    ),
    Row(
        "Step of the day failed for good (vendors, forecast, replay or policy)",
        "orders complete by the next level, which each line names; the run is red",
        ("dags/test_degraded.py::test_the_orders_are_made_and_the_run_is_red",),
    ),
    Row(
        "Celery: a worker killed half-way; all workers; Redis",
        "the others take over, and the orders are the same; without any worker the user reads so within a minute",
        (
            "nightly/test_celery.py::test_a_worker_killed_half_way",
            "nightly/test_celery.py::test_redis_killed_and_started_again",
            "nightly/test_celery.py::test_all_workers_killed_is_named_within_a_minute_and_others_go_on",
        ),
    ),
    Row(
        "Command line, scheduler and all its workers killed",
        "the next `run daily` ends the day with the same orders",
        ("e2e/test_main_job.py::test_killed_in_the_middle_and_run_again",),
    ),
    Row(
        "Two daily runs at once",
        "each row of the ERP is there once; the second run joins the first",
        (
            "integration/test_extract.py::test_two_runs_at_once_add_each_row_once",
            "faults/test_scheduler.py::test_two_daily_runs_at_once_are_one",
        ),
    ),
    Row(
        "Release killed at any step, or two at once",
        "the ERP holds each order once",
        (
            "integration/test_release_once.py::test_every_single_step",
            "integration/test_release_once.py::test_two_releases_at_once_one_of_them_killed",
            "integration/test_release_faults.py::test_an_erp_that_goes_down_in_the_middle_leaves_nothing_half_written",
        ),
    ),
    Row(
        "Disk lost, with everything on it",
        "restored from the backup folder; at most `backup.archive_timeout_seconds` of commits are lost",
        (
            "integration/test_backup.py::test_every_commit_is_archived_within_the_timeout",
            "integration/test_backup.py::test_a_lost_machine_comes_back_from_the_backup_folder_alone",
        ),
    ),
)
