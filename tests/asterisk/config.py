"""The configuration of the Asterisk that the tests start: a small house of five people, a trunk and two queues.

People are 101 to 105; 105 goes to voicemail. 600 and 601 are ring groups (601 over Local channels), 610 follows a
person from phone to phone, 700 parks, 801 and 802 are queues, 850 is a conference, 860 a page, 900 and 910 are menus;
950 and 960 go out on the trunk again, `*8` and a number picks up, `555` and a number listens, `*97` is the voicemail,
`*43` an echo, `*78` and `*79` set and clear do not disturb as FreePBX does. Five digits or more go out on the trunk.
The trunk's block of numbers is DID and a number of the house.
"""

from dataclasses import dataclass

PEOPLE = {
    "101": "Anna Keller",
    "102": "Petr Novak",
    "103": "Jana Svobodova",
    "104": "Karel Maly",
    "105": "Eva Dvorak",
}
DID = "222300"


@dataclass(frozen=True, kw_only=True)
class Times:
    """How patient the dial plan is, in seconds; queues, parking and follow-me take whole ones."""

    ring: float = 15
    group: float = 25
    mailbox: float = 8
    menu: float = 6
    announcement: float = 6
    queue_ring: int = 8
    queue_retry: int = 2
    sales_ring: int = 12
    park: int = 20
    follow_first: int = 8
    follow_next: int = 12


NATURAL = Times()
"""As in an office."""
SHORT = Times(
    ring=2.5,
    group=4,
    mailbox=1,
    menu=1,
    announcement=1,
    queue_ring=2,
    queue_retry=1,
    sales_ring=4,
    park=3,
    follow_first=1,
    follow_next=4,
)
"""As short as a test can bear."""

FILES: dict[str, str] = {
    "modules.conf": """\
[modules]
autoload=yes
noload=app_voicemail_odbc.so
noload=chan_iax2.so
noload=chan_unistim.so
noload=chan_motif.so
noload=res_xmpp.so
noload=chan_console.so
noload=res_hep.so
noload=pbx_dundi.so
noload=res_snmp.so
noload=cdr_radius.so
noload=cel_radius.so
noload=res_phoneprov.so
noload=pbx_ael.so
noload=res_calendar.so
""",
    "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,verbose\n",
    "http.conf": "[general]\nenabled=no\n",
    "manager.conf": """\
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {ami}
tlsenable = yes
tlsbindaddr = 127.0.0.1:{ami_tls}
tlscertfile = {work}/etc/certificate.pem
timestampevents = {timestamps}
webenabled = no
[full]
secret = full
read = all
write = all
writetimeout = 5000
; what an integration should ask for
[homeassistant]
secret = homeassistant
read = system,call,agent,user,dtmf,cdr
write = call,agent,originate,reporting,system
writetimeout = 5000
; the same as FreePBX adds it, which gives a reader a tenth of a second
[impatient]
secret = impatient
read = system,call,agent,user,dtmf,cdr
write = call,agent,originate,reporting,system
writetimeout = 100
; the same without the broad class, and one that may only look
[modest]
secret = modest
read = call,agent
write = call,agent,originate,reporting
writetimeout = 5000
[onlooker]
secret = onlooker
read = call
write = reporting
writetimeout = 5000
""",
    "rtp.conf": "[general]\nrtpstart={rtp}\nrtpend={rtp_end}\n",
    "cdr.conf": "[general]\nenable=yes\nbatch={late_records}\nsize=1000\ntime=3600\n",
    "cdr_manager.conf": "[general]\nenabled={records}\n[mappings]\nlinkedid => LinkedID\nsequence => Sequence\n",
    "confbridge.conf": """\
[general]
[default_user]
type=user
quiet=no
announce_only_user=no
announce_join_leave=no
[default_bridge]
type=bridge
""",
    "musiconhold.conf": "[default]\nmode=files\ndirectory={work}/moh\n",
    "features.conf": """\
[general]
pickupexten=*8
[featuremap]
blindxfer => #1
atxfer => *2
disconnect => *0
parkcall => #72
""",
    "res_parking.conf": """\
[general]
[default]
parkext => 700
parkpos => 701-720
context => parkedcalls
parkingtime => {park}
comebacktoorigin = yes
findslot => next
""",
    "voicemail.conf": """\
[general]
format=wav
attach=no
minsecs=1
[default]
101 => 1101,Anna Keller
105 => 1105,Eva Dvorak
""",
    "followme.conf": """\
[general]
[boss]
musicclass=>default
context=>internal
number=>103,{follow_first}
number=>104,{follow_next}
enable_callee_prompt=no
""",
    "agents.conf": "[general]\n",
    "queues.conf": """\
[general]
persistentmembers = yes
autofill = yes
shared_lastcall = no
; as FreePBX and most dial plans do: members behind a Local channel, added when they log in
[support]
strategy = rrmemory
timeout = {queue_ring}
retry = {queue_retry}
servicelevel = 20
ringinuse = no
joinempty = yes
leavewhenempty = no
; plain devices, always there
[sales]
strategy = ringall
timeout = {sales_ring}
retry = {queue_retry}
servicelevel = 20
ringinuse = no
member => PJSIP/104,0,Karel Maly
member => PJSIP/105,0,Eva Dvorak
""",
    "extensions.conf": """\
[general]
static=yes
[globals]

; hints as FreePBX writes them
[ext-local]
exten => 101,hint,PJSIP/101&Custom:DND101,CustomPresence:101
exten => 102,hint,PJSIP/102&Custom:DND102,CustomPresence:102
exten => 103,hint,PJSIP/103&Custom:DND103,CustomPresence:103
exten => 104,hint,PJSIP/104&Custom:DND104,CustomPresence:104
exten => 105,hint,PJSIP/105&Custom:DND105,CustomPresence:105

[internal]
include => parkedcalls
include => ext-local
exten => _10[1-5],1,GotoIf($["${{DB(DND/${{EXTEN}})}}"="YES"]?busy)
 same => n,GotoIf($["${{DB(CF/${{EXTEN}})}}"!=""]?forward)
 same => n,Dial(PJSIP/${{EXTEN}},${{IF($["${{EXTEN}}"="105"]?{mailbox}:{ring})}},tTkK)
 same => n,GotoIf($["${{EXTEN}}"="105"]?vm)
 same => n,Hangup()
 same => n(vm),VoiceMail(105@default,us)
 same => n,Hangup()
 same => n(busy),Busy(1)
 same => n,Hangup()
 same => n(forward),Dial(Local/${{DB(CF/${{EXTEN}})}}@internal,{ring},tT)
 same => n,Hangup()
; ring group
exten => 600,1,Dial(PJSIP/102&PJSIP/103&PJSIP/104,{group},tT)
 same => n,Hangup()
; ring group of a FreePBX kind: over Local channels
exten => 601,1,Dial(Local/102@internal&Local/103@internal,{group},tT)
 same => n,Hangup()
exten => 610,1,FollowMe(boss)
 same => n,Hangup()
exten => 801,1,Answer()
 same => n,Queue(support,tT,,,60)
 same => n,Hangup()
exten => 802,1,Answer()
 same => n,Queue(sales,tT,,,60)
 same => n,Hangup()
exten => 850,1,ConfBridge(850)
exten => 860,1,Page(PJSIP/102&PJSIP/103,q,10)
exten => 900,1,Answer()
 same => n,WaitExten({menu})
 same => n,Goto(internal,102,1)
exten => 910,1,Answer()
 same => n,Read(KEY,,1,,,10)
 same => n,Goto(internal,10${{KEY}},1)
exten => 950,1,Dial(Local/420608000111@internal/n,25,tT)
 same => n,Hangup()
exten => 960,1,Dial(Local/420608000111@internal,25,tT)
 same => n,Hangup()
exten => _*8XXX,1,PickupChan(PJSIP/${{EXTEN:2}},p)
exten => _555X.,1,ChanSpy(PJSIP/${{EXTEN:3}},q)
; a lamp of one's own
exten => *501,hint,Custom:laundry
exten => *97,1,VoiceMailMain(${{CALLERID(num)}}@default,s)
exten => *43,1,Answer()
 same => n,Echo()
; out
exten => _XXXXX.,1,Set(CALLERID(num)=222300${{CALLERID(num):-3}})
 same => n,Dial(PJSIP/${{EXTEN}}@trunk-voip,30,tT)
 same => n,Hangup()
exten => _+X.,1,Goto(internal,${{EXTEN:1}},1)
; do not disturb as FreePBX keeps it: a key in the database, and a lamp
exten => *78,1,Answer()
 same => n,Set(DB(DND/${{CALLERID(num)}})=YES)
 same => n,Set(DEVICE_STATE(Custom:DND${{CALLERID(num)}})=BUSY)
 same => n,Hangup()
exten => *79,1,Answer()
 same => n,NoOp(${{DB_DELETE(DND/${{CALLERID(num)}})}})
 same => n,Set(DEVICE_STATE(Custom:DND${{CALLERID(num)}})=NOT_INUSE)
 same => n,Hangup()

[messages]
exten => _X.,1,MessageSend(pjsip:${{EXTEN}},${{MESSAGE(from)}})
 same => n,Hangup()

; queue members
[from-queue]
exten => _10[1-5],1,Dial(PJSIP/${{EXTEN}},20,tT)
 same => n,Hangup()

; incoming calls, answered where the trunk's call came in ...
[from-trunk]
exten => 222300950,1,Goto(internal,950,1)
exten => 222300960,1,Goto(internal,960,1)
; forwarded to the outside with the caller's own number
exten => 222300970,1,Dial(PJSIP/420608000111@trunk-voip,25,tT)
 same => n,Hangup()
exten => _22230010[1-4],1,Dial(PJSIP/${{EXTEN:6}},{ring},tT)
 same => n,Hangup()
exten => 222300105,1,Dial(PJSIP/105,{mailbox},tT)
 same => n,VoiceMail(105@default,us)
 same => n,Hangup()
exten => 222300600,1,Dial(PJSIP/102&PJSIP/103&PJSIP/104,{group},tT)
 same => n,Hangup()
; ... or sent on into the house's own dial plan, which changes Exten and Context
exten => _222300[6-9]XX,1,Goto(internal,${{EXTEN:6}},1)
exten => _222301XXX,1,Goto(internal,${{EXTEN:6}},1)

[parkedcalls]
[originate-skipvm]
exten => _10[1-5],1,Dial(PJSIP/${{EXTEN}},20)
 same => n,Hangup()
; for "dial": the outside first, then a context
[announce]
exten => _.,1,Answer()
 same => n,Wait({announcement})
 same => n,Hangup()
exten => s,1,Answer()
 same => n,Wait({announcement})
 same => n,Hangup()
""",
    "pjsip.conf": """\
[global]
type=global
endpoint_identifier_order=header,auth_username,username
default_from_user=pbx
[transport]
type=transport
protocol=udp
bind=127.0.0.1:{sip}
[trunk-voip]
type=endpoint
context=from-trunk
disallow=all
allow=ulaw
direct_media=no
aors=trunk-voip
send_pai=no
[trunk-voip]
type=aor
contact=sip:trunk@127.0.0.1:{trunk}
[trunk-voip]
type=identify
endpoint=trunk-voip
match_header=X-Trunk: yes
""",
}
