"""A progress bar for commands: drawn in place on a terminal, a line now and then elsewhere."""

from django.core.management.base import OutputWrapper

WIDTH = 30
LINES = 10


class Bar:
    """Shows how much of a known total is done."""

    def __init__(self, out: OutputWrapper, noun: str, total: int) -> None:
        self.out, self.noun, self.total, self.tenth = out, noun, total, 0

    def show(self, done: int, total: int = 0) -> None:
        """Show that so many are done; the total may still grow."""
        self.total = max(total or self.total, done, 1)
        words = f"{done:,} of {self.total:,} {self.noun}"
        if self.out.isatty():
            full = WIDTH * done // self.total
            self.out.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {words}", ending="" if done < self.total else "\n")
            self.out.flush()
        elif (tenth := LINES * done // self.total) > self.tenth:
            self.tenth = tenth
            self.out.write(words)
