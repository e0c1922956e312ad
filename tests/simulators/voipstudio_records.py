"""What a simulated VoIPstudio keeps: call records, recordings, voicemail, contacts, messages, numbers (4.4 to 4.12)."""

import base64
from collections.abc import Callable

from aiohttp import web

from tests.simulators.audio import mp3
from tests.simulators.voipstudio_people import Population, User
from tests.simulators.voipstudio_rest import (
    BLANK,
    Collection,
    RefusalError,
    Row,
    body_of,
    invalid,
    items_of,
    many,
    nothing,
    one,
    page_of,
)
from tests.simulators.voipstudio_sessions import VoipstudioSessions
from tests.simulators.voipstudio_switches import ContactStyle

CONTACT_COLUMNS = (
    "id", "created_at", "first_name", "last_name", "group_name", "global", "internal", "user_id", "rel_user_id",
)  # fmt: skip
OLD_CONTACT = (
    "group_name", "first_name", "last_name", "email", "tel", "speed_dial_phone", "mobile", "speed_dial_mobile", "notes",
    "labels", "global",
)  # fmt: skip
NEW_CONTACT = (
    "type", "company", "tel_1", "tel_2", "mobile_1", "mobile_2", "speed_dial_phone_1", "speed_dial_phone_2",
    "speed_dial_mobile_1", "speed_dial_mobile_2", "groups", "transfer_list", "user_id", "dialler_source_id",
    "outcome_id",
)  # fmt: skip
RENAMED = {
    "tel": "tel_1",
    "mobile": "mobile_1",
    "speed_dial_phone": "speed_dial_phone_1",
    "speed_dial_mobile": "speed_dial_mobile_1",
}
DDI_COLUMNS = (
    "id", "e164", "name", "status", "channels", "cli_hide", "cli_prefix", "created_at", "esc_enabled", "fax_email",
    "fax_enabled", "flag", "has_fax_password", "info", "rate", "sms_email", "sms_enabled", "target_id", "target_type",
    "tel_verified", "uri", "campaign_id",
)  # fmt: skip
SETTINGS_FIELDS = {
    "button_id", "name", "position", "floating_icon", "culture", "allowed_countries", "show_to_allowed_countries_only",
    "welcome_screen_msg", "privacy_policy_url", "ddi_e164", "max_call_rate",
}  # fmt: skip
GUESSED = ("ivrs", "ringgroups", "conferences")
NOT_COMPLETED = "This Transaction is not completed yet and has no document."


class VoipstudioRecords(VoipstudioSessions):
    """The collections and their endpoints."""

    def open_records(self, population: Population) -> None:
        """Make the collections and fill them with what the population brings."""
        self.contacts = Collection(dict.fromkeys((*CONTACT_COLUMNS, *OLD_CONTACT, *NEW_CONTACT)), first_id=501)
        self.sms = Collection(
            ("id", "created_at", "from", "to", "message", "result", "type", "user_id"),
            first_id=7001,
            filterable={"from", "to", "type", "created_at"},
        )
        self.voicemail = Collection(
            ("id", "origtime", "caller", "dialled", "duration", "folder", "is_new"),
            first_id=4001,
            filterable={"caller", "dialled", "folder", "duration", "origtime"},
        )
        self.faxes = Collection(
            ("id", "created_at", "from", "to", "pages", "type", "user_id"),
            first_id=9001,
            filterable={"id", "created_at", "type", "user_id"},
        )
        self.transactions = Collection(("id", "created_at", "amount", "status"), first_id=6001)
        self.ddis = Collection(DDI_COLUMNS, first_id=301)
        self.campaigns = Collection(("id", "name"), first_id=201)
        self.queue_groups = Collection(("id", "name"), first_id=4216)
        self.chats = Collection(
            ("id", "created_at", "customer_id", "duration", "operator_id", "operator_ua", "state", "website_id"),
            first_id=1101,
        )
        self.chat_messages = Collection(("id", "created_at", "chat_id", "message"), first_id=1201)
        self.websites = Collection(("id", "name", "url"), first_id=1301)
        self.widget_settings = Collection(("id", *sorted(SETTINGS_FIELDS)), first_id=1401)
        self.guessed = {name: Collection(("id", "name", "number"), first_id=83400) for name in GUESSED}
        self.collections: dict[str, Collection] = {
            "cdrs": self.cdrs,
            "monitors": self.monitors,
            "voicemessages": self.voicemail,
            "contacts": self.contacts,
            "sms": self.sms,
            "ddis": self.ddis,
            "calltracking/ddis": self.ddis,
            "calltracking/campaigns": self.campaigns,
            "queuegroups": self.queue_groups,
            "chats": self.chats,
            "chatmsgs": self.chat_messages,
            "conversations": self.conversations,
            "faxes": self.faxes,
            "transactions": self.transactions,
            "callmeback/websites": self.websites,
            "callmeback/settings": self.widget_settings,
            **self.guessed,
        }
        self.renderers: dict[str, Callable[[Row], Row]] = {
            "cdrs": self.shown,
            "monitors": self._monitor_row,
            "voicemessages": self._voicemail_row,
            "contacts": self._contact_row,
        }
        self._fill(population)

    def _fill(self, population: Population) -> None:
        now = self.written(self.clock())
        for user in population.users:
            self.add_contact({"first_name": user.first_name, "last_name": user.last_name, "tel": user.ext}, of=user)
        for contact in population.contacts:
            self.add_contact(contact)
        for index, (number, name) in enumerate(population.numbers):
            defaults: Row = dict.fromkeys(DDI_COLUMNS[1:])
            queue = population.queues[index % len(population.queues)] if population.queues else None
            self.ddis.add(
                defaults
                | {"e164": number, "name": name, "status": "ACTIVE", "channels": 2, "cli_hide": False, "rate": 0.0}
                | {"created_at": now, "esc_enabled": False, "fax_enabled": False, "has_fax_password": False}
                | {"sms_enabled": True, "tel_verified": True, "target_type": "Q" if queue else None}
                | {"target_id": queue.id if queue else None}
            )
        self.campaigns.add({"name": "Spring mailing"})
        self.queue_groups.add({"name": "All queues"})
        self.websites.add({"name": "Shop", "url": "https://shop.example.com"})
        chat = {"created_at": now, "customer_id": self.customer_id, "duration": 60, "operator_id": self.admin.id}
        chat_id = self.chats.add(chat | {"operator_ua": "", "state": "CLOSED", "website_id": 1301})
        for text in ("Hello", "Goodbye"):
            self.chat_messages.add({"created_at": now, "chat_id": chat_id, "message": text})
        self.transactions.add({"created_at": now, "amount": 10.0, "status": "COMPLETED"})
        self.transactions.add({"created_at": now, "amount": 20.0, "status": "PENDING"})
        for group in population.ring_groups:
            self.guessed["ringgroups"].add({"name": group.name, "number": group.number})

    def add_contact(self, fields: Row, *, of: User | None = None) -> int:
        """Add a contact; one of a user is internal."""
        row: Row = dict.fromkeys((*OLD_CONTACT, *NEW_CONTACT), "") | fields
        row |= {"created_at": self.written(self.clock()), "internal": of is not None}
        row |= {"global": bool(fields.get("global", True)), "labels": fields.get("labels", [])}
        row |= {"user_id": fields.get("user_id"), "rel_user_id": of.id if of else None}
        return self.contacts.add(row, owners=self.users)

    # -- endpoints of all collections -----------------------------------------------------------------

    def collection_at(self, request: web.Request) -> tuple[str, Collection]:
        """Find the collection a path names."""
        name = request.match_info["collection"]
        if name not in self.collections or (name in GUESSED and not self.guessed_paths):
            raise RefusalError(404)
        return name, self.collections[name]

    async def list_rows(self, request: web.Request, user: User) -> web.Response:
        """Answer GET of a collection."""
        name, collection = self.collection_at(request)
        own = user.role != "Administrator" and name in {"cdrs", "monitors", "voicemessages", "sms", "faxes"}
        rows = collection.owned_by(user.id) if own else collection.rows.values()
        render = self.renderers.get(name, dict)
        if name == "contacts":  # which have other fields in each edition, and are filtered by those
            rows, render = [render(row) for row in rows], dict
        found, total = page_of(
            rows, request.query, columns=collection.columns, filterable=collection.filterable, switches=self
        )
        return many([render(row) for row in found], total)

    async def get_row(self, request: web.Request, user: User) -> web.Response:
        """Answer GET of a single row."""
        name, collection = self.collection_at(request)
        row = collection.get(request.match_info["id"])
        owners = collection.owners[row["id"]]
        if user.role != "Administrator" and owners and user.id not in owners:
            raise RefusalError(403)
        return one(self.renderers.get(name, dict)(row))

    async def patch_row(self, request: web.Request, _user: User) -> web.Response:
        """Answer PATCH of a contact or queue group."""
        name, collection = self.collection_at(request)
        if name not in {"contacts", "queuegroups"}:
            raise RefusalError(404)
        row = collection.get(request.match_info["id"])
        row |= self._writable(name, await body_of(request))
        return one(self.renderers.get(name, dict)(row))

    async def patch_rows(self, request: web.Request, _user: User) -> web.Response:
        """Answer the bulk PATCH of contacts and numbers."""
        name, collection = self.collection_at(request)
        if name not in {"contacts", "calltracking/ddis"}:
            raise RefusalError(404)
        changes = []
        for item in await items_of(request):
            found = [row for row in collection.rows.values() if row["id"] == item.get("id")]
            if name == "calltracking/ddis":
                found = found or [row for row in collection.rows.values() if row["e164"] == item.get("e164")]
            if not found:
                raise invalid("id")
            changes.append((found[0], item))
        for row, item in changes:
            row.update(self._writable(name, {key: value for key, value in item.items() if key != "id"}))
        rows = [self.renderers.get(name, dict)(row) for row, _ in changes]
        return many(rows, len(rows))

    async def delete_row(self, request: web.Request, _user: User) -> web.Response:
        """Answer DELETE of rows, one id or several with commas."""
        name, collection = self.collection_at(request)
        ids = request.match_info["id"].split(",")
        if name not in {"contacts", "queuegroups", "chatmsgs", "callmeback/settings"} or (
            len(ids) > 1 and name != "chatmsgs"
        ):
            raise RefusalError(404)
        for row in [collection.get(row_id) for row_id in ids]:
            collection.remove(row["id"])
        return nothing()

    async def add_row(self, request: web.Request, user: User) -> web.Response:
        """Answer POST to a collection that takes rows."""
        name, collection = self.collection_at(request)
        match name:
            case "sms":
                return await self._send_sms(request, user)
            case "contacts":
                fields = self._writable(name, await body_of(request))
                if not fields.get("first_name") and not fields.get("last_name") and not fields.get("company"):
                    raise invalid("first_name", BLANK)
                row_id = self.add_contact(fields)
            case "queuegroups" | "callmeback/settings":
                fields = self._writable(name, await body_of(request))
                if not fields.get("name"):
                    raise invalid("name", BLANK)
                row_id = collection.add(fields)
            case _:
                raise RefusalError(404)
        return one(self.renderers.get(name, dict)(collection.rows[row_id]), status=201)

    def _writable(self, name: str, body: Row) -> Row:
        known = {
            "contacts": {*OLD_CONTACT, *NEW_CONTACT},
            "queuegroups": {"name"},
            "callmeback/settings": SETTINGS_FIELDS,
            "calltracking/ddis": {"e164", "campaign_id"},
        }[name]
        for field in body:
            if field not in known:
                raise invalid(field, "This field is not known.")
        return {next((old for old, new in RENAMED.items() if new == key), key): value for key, value in body.items()}

    async def _send_sms(self, request: web.Request, user: User) -> web.Response:
        body = await body_of(request)
        to, sender = body.get("to"), body.get("from", self.main_number)
        if not isinstance(to, str) or not to.isdecimal():
            raise invalid("to")
        if sender not in self.numbers:
            raise invalid("from")
        if not isinstance(body.get("message"), str) or not body["message"]:
            raise invalid("message", BLANK)
        row_id = self.keep_sms(str(sender), to, body["message"], kind="O", user=user)
        return one(self.sms.rows[row_id], status=201)

    def keep_sms(self, sender: str, to: str, text: str, *, kind: str, user: User | None) -> int:
        """Keep a message in the list and the unified history."""
        owners = {user.id} if user else set(self.users)
        row: Row = {"created_at": self.written(self.clock()), "from": sender, "to": to, "message": text}
        row |= {"result": "SENT" if kind == "O" else "RECEIVED", "type": kind, "user_id": user.id if user else None}
        self.converse("sms", sender, to, 0, kind, owners)
        return self.sms.add(row, owners=owners)

    async def clear_sms(self, _request: web.Request, _user: User) -> web.Response:
        """Answer DELETE /sms, which deletes every message."""
        self.sms.clear()
        return nothing(202)

    # -- files ----------------------------------------------------------------------------------------

    async def get_audio(self, request: web.Request, user: User) -> web.Response:
        """Answer the MP3 of a recording or voicemail, always whole."""
        name, collection = self.collection_at(request)
        if name not in {"monitors", "voicemessages"}:
            raise RefusalError(404)
        row = collection.get(request.match_info["id"])
        if user.role != "Administrator" and user.id not in collection.owners[row["id"]]:
            raise RefusalError(403)
        size = int(row.get("size") or 512 + 800 * row["duration"])
        return web.Response(body=self.audio(row["id"], size), headers={"Content-Type": "audio/mpeg3"})

    def audio(self, row_id: int, size: int) -> bytes:
        """Make the bytes of a file that is served as MP3."""
        return mp3(size, row_id)

    async def get_pdf(self, request: web.Request, _user: User) -> web.Response:
        """Answer the PDF of a fax as bytes, that of a transaction as base64 inside JSON."""
        name, collection = self.collection_at(request)
        if name not in {"faxes", "transactions"}:
            raise RefusalError(404)
        row = collection.get(request.match_info["id"])
        pdf = b"%PDF-1.4\n% page " + str(row["id"]).encode() + b"\n%%EOF\n"
        if name == "faxes":
            return web.Response(body=pdf, content_type="application/pdf")
        if row["status"] != "COMPLETED":
            raise RefusalError(400, NOT_COMPLETED)
        encoded = base64.b64encode(pdf).decode()
        return web.json_response({"data": {"mime_type": "application/pdf", "base64": encoded}})

    # -- rows as they are served ----------------------------------------------------------------------

    def _monitor_row(self, row: Row) -> Row:
        shown = self.shown(row)
        if self.cx_addon:
            speakers = [{"speaker": "agent", "text": "Hello"}]
            shown |= {"transcript": "Hello", "transcript_speakers": speakers, "summary": "A greeting"}
            shown |= {"sentiment": "positive", "cx_score": 8, "metadata": {"timeline": []}}
        return shown

    def _voicemail_row(self, row: Row) -> Row:
        prefix = "00" if self.voicemail_00 and row["caller"] else ""
        return row | {"caller": prefix + row["caller"]}

    def _contact_row(self, row: Row) -> Row:
        if self.contact_style is ContactStyle.BARE:
            return {key: row[key] for key in CONTACT_COLUMNS}
        if self.contact_style is ContactStyle.OLD:
            return {key: row[key] for key in dict.fromkeys((*CONTACT_COLUMNS, *OLD_CONTACT))}
        renamed = row | {new: row[old] for old, new in RENAMED.items()}
        keep = (*CONTACT_COLUMNS, "email", "notes", "labels", *NEW_CONTACT)
        return {key: renamed[key] for key in dict.fromkeys(keep)}


__all__ = ["VoipstudioRecords"]
