"""What is judged of a log record is its logger, its level and its message, never where a file lies."""

import logging
from collections.abc import Generator

import pytest

from .log_watch import LogWatch


@pytest.fixture
def watch() -> Generator[tuple[LogWatch, logging.Logger]]:
    """Watch a logger that nobody else hears."""
    logger, handler = logging.getLogger("stranger"), LogWatch()
    logger.addHandler(handler)
    logger.propagate = False
    yield handler, logger
    logger.removeHandler(handler)
    logger.propagate = True


def test_any_logger_is_heard(watch: tuple[LogWatch, logging.Logger]) -> None:
    """A warning or worse is kept, whoever logs it; less is not."""
    handler, logger = watch
    logger.info("fine")
    logger.warning("odd %s", 1)
    logger.error("wrong")

    assert handler.unexpected([]) == ["WARNING stranger: odd 1", "ERROR stranger: wrong"]
    assert handler.unexpected(["^WARNING stranger: odd"]) == ["ERROR stranger: wrong"]
    handler.clear()
    assert handler.unexpected([]) == []


@pytest.mark.parametrize("pattern", ["^ERROR stranger: odd", "^WARNING other: odd", "^WARNING stranger: even"])
def test_another_level_logger_or_message_is_not_expected(watch: tuple[LogWatch, logging.Logger], pattern: str) -> None:
    """Each of the three counts."""
    handler, logger = watch
    logger.warning("odd")

    assert handler.unexpected([pattern]) == ["WARNING stranger: odd"]


def test_a_traceback_is_shown_and_not_judged(watch: tuple[LogWatch, logging.Logger]) -> None:
    """It has the paths of files in it, and so the name of whatever folder this is."""
    handler, logger = watch
    try:
        int("a word of the error")
    except ValueError:
        logger.exception("wrong")

    (text,) = handler.unexpected(["a word of the error", "test_log_watch"])
    assert text.startswith("ERROR stranger: wrong\nTraceback")
    assert "a word of the error" in text
    assert handler.unexpected(["wrong"]) == []
