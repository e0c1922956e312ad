"""Signing in to a simulated VoIPstudio: sessions, second factors and API keys (section 2)."""

import base64
from dataclasses import dataclass

from aiohttp import web

from tests.simulators.voipstudio_engine import VoipstudioEngine
from tests.simulators.voipstudio_people import Population, User
from tests.simulators.voipstudio_rest import (
    BLANK,
    USED,
    RefusalError,
    Row,
    body_of,
    invalid,
    many,
    nothing,
    one,
    page_of,
)

API_KEY = "0123456789abcdef0123456789abcdef01234567"
USER_API_KEY = "89abcdef0123456789abcdef0123456789abcdef"
PASSWORD = "$ecretPas$"
WRONG = "Invalid email and/or password."
TOKEN_COLUMNS = ("id", "token", "name", "expiry", "created_at")


@dataclass(slots=True, kw_only=True)
class Token:
    """A session, or an API key, which is the same with a name and a longer life."""

    token: str
    user: User
    name: str
    created_at: float
    used_at: float
    idle: float | None = None
    session: bool = False
    dashboard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A second-factor code that was mailed."""

    email: str
    code: str
    nonce: str


class VoipstudioSessions(VoipstudioEngine):
    """Who may use the API."""

    def open_account(self, population: Population) -> None:
        """Install the population, its owner and the keys made in the dashboard."""
        self.load(population)
        self.admin = next(user for user in population.users if user.role == "Administrator")
        self.clerk = next((user for user in population.users if user.role != "Administrator" and user.ext), self.admin)
        self.admin.password = PASSWORD
        self.tokens: dict[str, Token] = {}
        self.mailed: list[Mail] = []
        self._nonces: dict[str, tuple[User, str]] = {}
        self._api_key = self._user_api_key = ""
        self.api_key = API_KEY
        self.user_api_key = USER_API_KEY

    @property
    def email(self) -> str:
        """The administrator's login."""
        return self.admin.email

    @email.setter
    def email(self, email: str) -> None:
        self.admin.email = email

    @property
    def password(self) -> str:
        """The administrator's password."""
        return self.admin.password

    @password.setter
    def password(self, password: str) -> None:
        self.admin.password = password

    @property
    def sip_password(self) -> str:
        """The secret that GET /me leaks."""
        return self.admin.sip_password

    @property
    def api_key(self) -> str:
        """The administrator's key; setting another one kills the old one."""
        return self._api_key

    @api_key.setter
    def api_key(self, key: str) -> None:
        self._replace_key(self._api_key, key, self.admin)
        self._api_key = key

    @property
    def user_api_key(self) -> str:
        """An ordinary user's key."""
        return self._user_api_key

    @user_api_key.setter
    def user_api_key(self, key: str) -> None:
        self._replace_key(self._user_api_key, key, self.clerk)
        self._user_api_key = key

    def _replace_key(self, old: str, new: str, user: User) -> None:
        self.tokens.pop(old, None)
        now = self.clock()
        self.tokens[new] = Token(token=new, user=user, name="Dashboard", created_at=now, used_at=now, dashboard=True)

    def authenticate(self, request: web.Request) -> Token:
        """Find the token of a request and reset its idle timer."""
        text, user_part = request.headers.get("X-Auth-Token"), ""
        if text is None or self.basic_only:
            user_part, text = self._basic(request.headers.get("Authorization", ""))
        token = self.tokens.get(text)
        if token is None or not token.user.active:
            raise RefusalError(401)
        names = {str(token.user.id)} if self.basic_only else {str(token.user.id), token.user.email}
        if user_part and user_part not in names:
            raise RefusalError(401)
        now = self.clock()
        idle = self.session_idle if token.session else self.key_idle if token.dashboard else token.idle
        if idle is not None and now - token.used_at > idle:
            del self.tokens[text]
            raise RefusalError(401)
        token.used_at = now
        return token

    def _basic(self, header: str) -> tuple[str, str]:
        kind, _, encoded = header.partition(" ")
        if kind.casefold() != "basic":
            raise RefusalError(401)
        try:
            user, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            user = colon = secret = ""
        if not user or not colon:
            raise RefusalError(400, "Failed to parse Authorization header credentials")
        return user, secret

    async def login(self, request: web.Request) -> web.Response:
        """Answer POST /login."""
        body = await body_of(request)
        missing = [{"field": name, "message": BLANK} for name in ("email", "password") if not body.get(name)]
        if missing:
            raise RefusalError(400, errors=missing)
        user = next((user for user in self.users.values() if user.email == body["email"]), None)
        if user is None or not user.active or body["password"] != user.password:
            if self.login_refusal == 401:
                raise RefusalError(401, WRONG, [{"message": WRONG}])
            raise RefusalError(400, WRONG)
        if not (self.two_factor or user.two_factor):
            return self._welcome(user)
        nonce, code = f"{self.rng.getrandbits(128):032x}", f"{self.rng.randrange(10**6):06d}"
        self._nonces[nonce] = (user, code)
        self.mailed.append(Mail(email=user.email, code=code, nonce=nonce))
        return web.json_response({"message": "Two-factor authentication required", "nonce": nonce}, status=202)

    async def login2fa(self, request: web.Request) -> web.Response:
        """Answer POST /login2fa; a nonce is good for one try."""
        body = await body_of(request)
        user, code = self._nonces.pop(str(body.get("nonce")), (None, ""))
        if user is None or body.get("code") != code:
            raise RefusalError(400, "Invalid code.")
        return self._welcome(user)

    def _welcome(self, user: User) -> web.Response:
        text, now = self._secret(), self.clock()
        self.tokens[text] = Token(token=text, user=user, name="", created_at=now, used_at=now, session=True)
        return web.json_response({"message": "Login success", "user_token": text, "user_id": user.id})

    def _secret(self) -> str:
        return f"{self.rng.getrandbits(160):040x}"

    async def logout(self, request: web.Request) -> web.Response:
        """Answer POST /logout; an API key outlives it."""
        token = self.authenticate(request)
        if token.session:
            del self.tokens[token.token]
        return web.json_response({"message": "Logout success"})

    async def ping(self, _request: web.Request, _user: User) -> web.Response:
        """Answer GET /ping."""
        return one({"response": "Pong"})

    async def me(self, _request: web.Request, user: User) -> web.Response:
        """Answer GET /me, SIP password included."""
        return one(
            {
                "id": user.id,
                "email": user.email,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "customer_id": self.customer_id,
                "sip_password": user.sip_password,
                "sip_domain": f"{self.customer_id}.sip.example.com",
                "ext": user.ext,
                "role": user.role,
            }
        )

    async def list_tokens(self, request: web.Request, user: User) -> web.Response:
        """Answer GET /apitokens."""
        rows = [self._token_row(token) for token in self.tokens.values() if token.user is user and not token.session]
        filterable = set(TOKEN_COLUMNS)
        return many(*page_of(rows, request.query, columns=TOKEN_COLUMNS, filterable=filterable, switches=self))

    async def mint_token(self, request: web.Request, user: User) -> web.Response:
        """Answer POST /apitokens; expiry 0 asks for a key that never expires."""
        if not self.makes_keys:
            raise RefusalError(404)
        body = await body_of(request)
        name, expiry = body.get("name"), body.get("expiry", self.key_idle)
        if not isinstance(name, str) or not name:
            raise invalid("name", BLANK)
        if isinstance(expiry, bool) or not isinstance(expiry, int | float | None) or (expiry or 0) < 0:
            raise invalid("expiry")
        if any(token.user is user and token.name == name for token in self.tokens.values()):
            raise invalid("name", USED)
        text, now = self._secret(), self.clock()
        token = Token(token=text, user=user, name=name, created_at=now, used_at=now, idle=expiry or None)
        self.tokens[text] = token
        return one(self._token_row(token), status=201)

    async def delete_token(self, request: web.Request, user: User) -> web.Response:
        """Answer DELETE /apitokens/{token}."""
        token = self.tokens.get(request.match_info["token"])
        if token is None or token.session or token.user is not user:
            raise RefusalError(404)
        del self.tokens[token.token]
        return nothing()

    def _token_row(self, token: Token) -> Row:
        idle = self.key_idle if token.dashboard else token.idle
        created = self.written(token.created_at)
        return {
            "token": token.token,
            "name": token.name,
            "expiry": idle,
            "created_at": created,
            "user_id": token.user.id,
        }


__all__ = ["Mail", "Token", "VoipstudioSessions"]
