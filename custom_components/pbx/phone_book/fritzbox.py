"""Read the phone book that a FRITZ!Box saves: XML with contacts of several numbers."""

from xml.etree import ElementTree as ET  # entities are refused before anything is parsed

from .draft import Draft, TypedNumber, UnreadableError
from .entry import MAX_TEXT, VIP
from .headings import kind_of, plain

IMPORTANT = "1"


def read(text: str) -> list[Draft]:
    """Return the contacts of a file; the important ones are in the group of VIPs.

    Raises UnreadableError if it is no such file, or declares entities, which no phone book does.
    """
    if "<!" in text.replace("<!--", "").replace("<![CDATA[", ""):
        raise UnreadableError
    try:
        # A text is no more in the encoding that its first line names.
        root = ET.fromstring(text)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError) as err:
        raise UnreadableError from err
    if root.tag not in ("phonebooks", "phonebook"):
        raise UnreadableError
    # Only where they belong: what is within each other would be read again and again.
    books = [root] if root.tag == "phonebook" else root.findall("phonebook")
    return [_draft(contact) for book in books for contact in book.findall("contact")]


def _draft(contact: ET.Element) -> Draft:
    """Return what a contact says."""
    numbers = [found for found in contact.findall("telephony/number") if (found.text or "").strip()]
    numbers.sort(key=lambda found: found.get("prio") != IMPORTANT)
    important = (contact.findtext("category") or "").strip() == IMPORTANT
    return Draft(
        name=(contact.findtext("person/realName") or "").strip(),
        groups=(VIP,) if important else (),
        numbers=tuple(_number(found) for found in numbers),
    )


def _number(found: ET.Element) -> TypedNumber:
    """Return a number and its kind; the type may be a label that a person gave it."""
    return kind_of(plain(found.get("type", "")[:MAX_TEXT])), (found.text or "").strip()
