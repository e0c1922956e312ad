"""API keys of VoIPstudio that are made here, and removed with the account.

A log-in may ask for a code that is mailed; each try mails another one, so it is sent exactly once.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from secrets import token_hex

from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RefusedError,
    SecondFactorError,
)
from ..http import HttpClient, Reply
from ..settings import Values
from ..values import Json, text
from .api import (
    CLIENT_ERRORS,
    NOT_FOUND,
    Api,
    ForbiddenError,
    data_of,
    path_of,
    reason,
    where,
)
from .payload import ident
from .settings import VoipstudioSettings

KEY_NAME = "Home Assistant"
KEY_IDLE = 7 * 24 * 3600  # seconds without use after which a key ends by itself
WRONG_LOGIN = frozenset({400, 401, 403})
ACCEPTED = 202
BASIC = "basic"
METHOD_NOT_ALLOWED = 405
LOGIN_ONLY = frozenset({"password", "code", "nonce"})


async def log_in(http: HttpClient, settings: VoipstudioSettings, typed: Values) -> Values:
    """Return what to keep of what was typed, with a new API key in the place of the password.

    Raise SecondFactorError to ask for a code, InvalidInputError for what is missing, AuthError for
    what is wrong.
    """
    path, body = _login_request(settings)
    api = Api(http, settings.url, "")
    reply = await http.command(f"POST {path}", "POST", api.address(path), json=body)
    _raise_for(reply, body.values())
    answer = data_of(reply)
    if challenge := text(answer.get("nonce")):
        raise SecondFactorError(challenge)
    token = text(answer.get("user_token"))
    if not token or reply.status == ACCEPTED:
        raise ConnectError("The log-in was answered without a token")
    kept = {key: value for key, value in typed.items() if key not in LOGIN_ONLY}
    user_id = ident(answer.get("user_id")) or settings.user_id
    if user_id:
        kept["user_id"] = user_id
    # A name is taken once per user, and the account may be set up more than once.
    name = f"{KEY_NAME} {token_hex(4)}"
    session = Api(http, settings.url, token)
    key = await _make_key(session, name, user_id)
    if session.user:
        kept["authentication"] = BASIC
    if key is None:
        return {**kept, "api_key": token}
    kept |= {"api_key": key, "api_key_name": name}
    kept["created_objects"] = [*settings.created_objects, name]
    return kept


def _login_request(settings: VoipstudioSettings) -> tuple[str, dict[str, str]]:
    """Return the path and the body of a log-in, or of its second step."""
    if settings.code and settings.nonce:
        code = settings.code.replace(" ", "")
        return "login2fa", {"code": code, "nonce": settings.nonce}
    if not settings.email:
        raise InvalidInputError("email", "required")
    if not settings.password:
        raise InvalidInputError("password", "required")
    return "login", {"email": settings.email, "password": settings.password}


def _raise_for(reply: Reply, sent: Iterable[str]) -> None:
    """Raise the error of a log-in that was refused."""
    if reply.ok:
        return
    if reply.status in WRONG_LOGIN:
        raise AuthError("E-mail, password or code is wrong")
    words, _ = reason(reply, sent)
    if reply.status in CLIENT_ERRORS and reply.status != NOT_FOUND:
        raise RefusedError(words or f"HTTP {reply.status}", str(reply.status))
    raise reply.trouble(words) or ConnectError(f"HTTP {reply.status}")


async def _make_key(api: Api, name: str, user_id: str) -> str | None:
    """Return a new API key; the session that made it is ended.

    The token of the session is sent the older way, with the user's id, where the current one is
    refused. Return None where keys cannot be made at all: the session's own token is kept then.
    """
    body = {"name": name, "expiry": KEY_IDLE}
    try:
        made = await api.command("POST", "apitokens", body)
    except NotFoundError:
        return None
    except (AuthError, RefusedError) as err:
        if not user_id:
            raise
        api.user = user_id
        as_user = await _make_key_as_user(api, body, err)
        if as_user is None:
            return None
        made = as_user
    key = text(made.get("token"))
    if not key:
        raise ConnectError("The API key was made but not told")
    with suppress(AuthError, ConnectError, RefusedError):
        await api.command("POST", "logout", {})
    return key


async def _make_key_as_user(
    api: Api, body: Mapping[str, object], before: AuthError | RefusedError
) -> Json | None:
    """Return the answer about a new key, asked for with HTTP Basic; None where there are none.

    `before` is why the first try was refused: what is refused for its credentials is not done.
    """
    try:
        return await api.command("POST", "apitokens", body)
    except NotFoundError, ForbiddenError:
        return None
    except RefusedError as err:
        if err.code != str(METHOD_NOT_ALLOWED):
            raise before from err
        return None


async def remove_old_keys(api: Api, names: Iterable[str], current: str) -> tuple[str, ...]:
    """Remove the keys of these names but the current one; return the names that are left.

    A key that could not be removed now is tried again the next time.
    """
    left = tuple(names)
    for name in left:
        if name == current:
            continue
        with suppress(ProviderError):
            await _remove_key(api, name)
            left = tuple(other for other in left if other != name)
    return left


async def _remove_key(api: Api, name: str) -> None:
    """Remove the keys of a name, but never the one in use."""
    wanted = {"filter": where(("name", "eq", name))}
    for row in await api.rows(api.http.ask, "apitokens", wanted):
        if _is_other_key(row, name, api.key):
            await api.command("DELETE", path_of("apitokens", text(row.get("token"))))


def _is_other_key(row: Json, name: str, used: str) -> bool:
    """Return whether a row is a key of this name, and not the one in use."""
    return text(row.get("name")) == name and text(row.get("token")) not in {"", used}
