"""The table of what the documents say and what proves it: it is what the tests prove, or this fails."""

import importlib
import re
from pathlib import Path

import pytest

from . import voipat_rows, voipstudio_rows, voipsun_rows, voxloud_rows
from .proofs import PROOFS, table
from .rows import Row

PAGE = Path(__file__).parents[2] / "docs" / "development" / "documents.md"
DOCUMENTS: dict[str, tuple[str, tuple[Row, ...]]] = {
    "voipat": ("VOIP@ Cloud", voipat_rows.ROWS),
    "voipstudio": ("VoIPstudio", voipstudio_rows.ROWS),
    "voipsun": ("VoIPSUN PBX", voipsun_rows.ROWS),
    "voxloud": ("Voxloud", voxloud_rows.ROWS),
}
LEFT_OUT: dict[str, dict[str, str]] = {
    "voipat": {
        "keys": "the keys of a portal are managed there",
        "crm_login_url": (
            "it opens a page in the agent's browser; pointed at the Phones dashboard, that shows the caller "
            "(`?caller=`, `tests/frontend`)"
        ),
        "session": "both hand out SIP passwords",
    },
    "voipstudio": {
        "token_gone": "the password is forgotten after the login, so that the account asks to sign in again",
    },
    "voipsun": {"customized": "what a client has customized is in no documentation"},
    "voxloud": {"subscription_get": "the list of all tells the same of each"},
}
BEGIN = "<!-- proofs: {} -->"
END = "<!-- end of proofs -->"


@pytest.fixture(autouse=True, scope="module")
def _all_tests() -> None:
    """Read all tests, also where only this file is run."""
    for document in DOCUMENTS:
        importlib.import_module(f".test_{document}", __package__)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_is_proved_or_left_out_with_a_reason(document: str) -> None:
    """No row has neither, none has both, and no test proves a row that the document does not have."""
    rows = [row.id for row in DOCUMENTS[document][1]]
    proved = {row for name, row in PROOFS if name == document}
    assert len(rows) == len(set(rows))
    assert proved <= set(rows)
    assert set(rows) - proved == set(LEFT_OUT[document])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_table(document: str, pytestconfig: pytest.Config) -> None:
    """The page has the table of what is proved; `--snapshot-update` writes it."""
    name, rows = DOCUMENTS[document]
    begin = f"## {name}\n\n{BEGIN.format(document)}\n"
    expected = f"{table(document, rows, LEFT_OUT[document])}\n"
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    found, after = rest.split(END, 1)
    if pytestconfig.getoption("update_snapshots"):
        PAGE.write_text(f"{before}{begin}{expected}{END}{after}", encoding="utf-8")
        found = expected
    assert found == expected


def test_faults_have_tests() -> None:
    """Each test that is said to have failed is there."""
    text = PAGE.read_text(encoding="utf-8")
    rows = text[text.index("<!-- faults -->") : text.index("<!-- end of faults -->")].splitlines()[3:]
    assert rows
    for row in rows:
        named = re.findall(r"`(test_\w+)\.(test_\w+)`", row)
        assert named, row
        for module, name in named:
            assert callable(getattr(importlib.import_module(f".{module}", __package__), name, None)), name
