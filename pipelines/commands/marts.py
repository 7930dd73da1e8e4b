"""What a command says that reads the marts as they stand."""

from rich.console import Console


def tell() -> None:
    """Name their date, and the remedy where a newer date has been run; beside the answer, which may be JSON."""
    from pipelines.briefing.queries import last_run

    note = last_run.age_of_marts()
    if note:
        Console(stderr=True, highlight=False).print(note, soft_wrap=True)
