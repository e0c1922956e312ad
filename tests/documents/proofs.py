"""Which test proves which row of a page, and the table of that in the documentation."""

from collections.abc import Callable, Mapping, Sequence

from .rows import Row

PROOFS: dict[tuple[str, str], list[str]] = {}
"""The tests that prove a row, by document and row."""


def proves[F: Callable[..., object]](document: str, *rows: str) -> Callable[[F], F]:
    """Return a decorator that says which rows of a document a test proves."""

    def noted(test: F) -> F:
        for row in rows:
            PROOFS.setdefault((document, row), []).append(f"{test.__module__.rpartition('.')[2]}.{test.__name__}")
        return test

    return noted


def table(document: str, rows: Sequence[Row], left_out: Mapping[str, str]) -> str:
    """Return the rows of a document as a table of Markdown, each with its proof or the reason that there is none."""
    lines = ["| What the page says | What proves it |", "|---|---|"]
    for row in rows:
        proofs = PROOFS.get((document, row.id), [])
        told = ", ".join(f"`{proof}`" for proof in sorted(proofs)) or f"Left out: {left_out.get(row.id, '?')}"
        lines.append(f"| {row.says.replace('|', '/')} | {told} |")
    return "\n".join(lines)
