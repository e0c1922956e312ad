"""What VOIP@ Cloud's page says, row by row, for a proof of each."""

from .rows import Row


def _row(identity: str, says: str, seen: str) -> Row:
    """Return a row."""
    return Row(id=identity, says=says, seen=seen)


ROWS: tuple[Row, ...] = (
    _row("json", "all requests have Content-Type: application/json", "with and without a body"),
    _row("bearer", "a Bearer token; API keys are made in the dashboard", "the key as Bearer token; another is refused"),
    _row("domain", "keys are scoped to the user's domain", "the domain in what is asked and sent"),
    _row("status_503", "503: the switch is not connected", "told as that, not as unreachable"),
    _row("extensions", "full extension details", "extensions with number and name"),
    _row("calls", "active calls, paired, or channels", "calls with both sides"),
    _row("originate", "calls/originate", "from, to, domain, caller ID"),
    _row("hangup", "hang up, with a cause", "POST with the cause"),
    _row("hold", "hold, unhold, hold/toggle", "a POST for each"),
    _row("unmute", "mute, unmute", "unmute; mute is not offered, since the bridge does nothing for it"),
    _row("dtmf", "send key presses", "the digits"),
    _row("transfer", "transfer: blind, or attended", "blind; attended is not offered"),
    _row(
        "cdr", "call records: domain, dates, direction, extension, search, limit of 1000, offset", "each as parameter"
    ),
    _row("statistics", "statistics: domain, dates", "the figures"),
    _row("keys", "API keys: list and revoke", "nothing"),
    _row("webhook", "seven events, by GET or POST", "events of calls and agents"),
    _row("placeholders", "ten placeholders", "numbers, names, direction, extension, call id"),
    _row("duration", "duration in seconds, on hangup", "a call that lasted was answered"),
    _row("timestamp", "timestamp of the event", "two calls at one time are two"),
    _row("crm_agent", "crm_agent_login_url, crm_agent_logout_url", "the agent is logged in and out"),
    _row("crm_login_url", "crm_login_url, crm_auto_login_url: pages opened in the agent's browser", "nothing"),
    _row("session", "the session API of the phone, the embeddable call button", "nothing"),
    _row("limits", "60 a minute and 1000 an hour; 300 and 10000 for enterprise", "requests stay below"),
    _row("limit_429", "429: wait until X-RateLimit-Reset, with exponential back-off", "the wait is told and kept"),
)
