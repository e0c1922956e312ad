"""What is logged while a test or a plan runs: a warning or worse of any logger is expected, or a failure."""

import logging
import re
from collections.abc import Iterable
from typing import override


class LogWatch(logging.Handler):
    """Keep every record of a warning or worse; whose it is, and how bad, is judged by the record."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: list[tuple[str, str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record: what is judged, and its traceback, which is only shown."""
        judged = f"{record.levelname} {record.name}: {record.getMessage()}"
        trace = "\n" + logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self._heard.append((judged, trace))

    def clear(self) -> None:
        """Forget what was logged so far."""
        self._heard.clear()

    def unexpected(self, known: Iterable[str]) -> list[str]:
        """Return the records that no pattern explains, with their tracebacks.

        A pattern is a regular expression, searched in `LEVEL logger: message`.
        """
        patterns = [re.compile(pattern) for pattern in known]
        return [
            judged + trace for judged, trace in self._heard if not any(pattern.search(judged) for pattern in patterns)
        ]
