"""What VoIPSUN's page says, row by row, for a proof of each."""

from .rows import Row


def _row(identity: str, says: str, seen: str) -> Row:
    """Return a row."""
    return Row(id=identity, says=says, seen=seen)


ROWS: tuple[Row, ...] = (
    _row("authentication", "every request has username and password", "both in the query, with the action"),
    _row("dstNum", "originate: destination phone number", "dstNum as it was keyed"),
    _row("src", "exactly one of four parameters names the source extension", "each of the four is sent when asked for"),
    _row(
        "dialplanName",
        "required where extensions share an internal number",
        "sent with it; the number alone is refused",
    ),
    _row("customCDR", "customCDR1-4: fields of the record", "each, with gaps"),
    _row("dialerCid", "dialerCid, dialerName: caller ID", "both, the number as it was keyed"),
    _row("monitor", "monitorFilename, monitorPath: recording", "both"),
    _row("check", "checkExten, checkIpHost, checkIpContact", "all three"),
    _row("dial", "dial: outrouteName or outrouteId, context, hangupContext", "each of them"),
    _row("hangupcall", "hangupcall: the channel of the active call", "channelName of a listed channel"),
    _row("listcalls", "listcalls: channels with numbers, duration, status, context, account", "calls with these"),
    _row("listcalls_up", "status: Up", "no ring time and no answer time is made up"),
    _row("spying", "spying: one of four sources, one of five targets, spyCid, spyName", "each of them"),
    _row("sipstatus", "sipstatus: user, host, status, useragent, regcontact", "registration, address, contact, device"),
    _row("agentlogin", "agentlogin: agent number, PIN, extension", "all of them"),
    _row("agentlogout", "agentlogout: agent number, PIN", "both"),
    _row("agentpause", "agentpause, agentunpause: agent number, PIN", "both"),
    _row("agentadd", "agentadd: queue, penalty", "both, with the agent"),
    _row("agentremove", "agentremove: queue", "it, with the agent"),
    _row("agentstatus", "agentstatus: logged in or out, and what the agent does", "a state of the agent"),
    _row("queuestatus", "queuestatus: agents, waits, service level, callers", "figures of the queue"),
    _row("moverecord", "moverecord: cdrId, at least one of filename and path", "both, or either; neither is refused"),
    _row("success", "success true, or false with errno and reason", "a no is told with code and reason"),
    _row("errors", "general errors 100 to 120", "100, 110, 120 in words of their own"),
    _row("errors_originate", "originate errors 200 to 228", "each code, and busy told from ringing and unavailable"),
    _row("errors_dial", "dial error 250", "in words of its own"),
    _row("errors_spying", "spying errors 300 to 312", "each code"),
    _row("errors_agent", "agent errors 500 to 636", "each code; what is a state is told as one"),
    _row("errors_recording", "recording errors 800 to 812", "each code"),
    _row("customized", "additional features can be customized", "nothing"),
)
