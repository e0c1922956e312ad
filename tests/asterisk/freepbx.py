"""The dial plan, the queue and the database of a FreePBX, as its own sources write them (FreePBX 16 and 17).

The shapes of channels, hints and keys are FreePBX's; what only decides about prompts, recording and trunks is left out,
and its macros are subroutines here, for Asterisk has no macros any more. The house is that of `config`: a trunk's call
to 222300 and a number reaches that number. 600 is a ring group, 601 one with somebody outside, 602 one that has to
confirm with the key 1, 603 one that hunts; 103 may be followed to 104 and outside; 401 is a queue; 900 a menu.
"""

from .config import PEOPLE

FAR = "420608000111"
QUEUE = "401"

EXTENSIONS = """\
[general]
static=yes
[globals]

; -- incoming routes ---------------------------------------------------------------------------------

[from-trunk]
include => from-pstn
[from-pstn]
include => ext-did
[ext-did]
exten => _222300X.,1,Set(__DIRECTION=INBOUND)
 same => n,Set(__FROM_DID=${EXTEN})
 same => n,Goto(${FROM_DID:6:1},1)
exten => 1,1,Goto(from-did-direct,${FROM_DID:6},1)
exten => 4,1,Goto(ext-queues,${FROM_DID:6},1)
exten => 6,1,Goto(ext-group,${FROM_DID:6},1)
exten => 9,1,Goto(ivr-1,s,1)
[from-did-direct]
include => ext-findmefollow
include => ext-local
[ivr-1]
exten => s,1,Answer()
 same => n,WaitExten(%(menu)s)
exten => t,1,Goto(from-did-direct-ivr,102,1)
exten => _10[1-5],1,Goto(from-did-direct-ivr,${EXTEN},1)
[from-did-direct-ivr]
exten => _X.,1,Set(__NODEST=)
 same => n,Goto(from-did-direct,${EXTEN},1)

; -- what phones may dial ----------------------------------------------------------------------------

[from-internal]
include => from-internal-noxfer
include => from-internal-xfer
[from-internal-noxfer]
exten => noxfer,1,Hangup()
[from-internal-xfer]
include => from-internal-additional
[from-internal-additional]
include => app-cf
include => app-dnd
include => app-pickup
include => app-chanspy
include => ext-intercom
include => ext-findmefollow
include => fmgrps
include => findmefollow-ringallv2
include => ext-local-confirm
include => grps
include => ext-group
include => ext-queues
include => app-queue
include => ext-local
include => parkedcalls
include => outbound-allroutes

[ext-local]
%(phones)s
exten => _*80X.,hint,${DB(AMPUSER/${EXTEN:3}/hint)}
exten => _*76X.,hint,Custom:DEVDND${EXTEN:3}
exten => _*740X.,hint,Custom:DEVCF${EXTEN:4}

[outbound-allroutes]
exten => _XXXXX.,1,Gosub(user-callerid,s,1)
 same => n,Set(CALLERID(num)=222300${CALLERID(num):-3})
 same => n,Dial(PJSIP/${EXTEN}@trunk-voip,30,T)
 same => n,Hangup()

; -- one phone ---------------------------------------------------------------------------------------

[user-callerid]
exten => s,1,GotoIf($["${AMPUSERCIDNAME}" != "" | "${FROMQ}" = "true"]?known)
 same => n,Set(REALCALLERIDNUM=${CALLERID(number)})
 same => n,Set(AMPUSER=${DB(DEVICE/${REALCALLERIDNUM}/user)})
 same => n,GotoIf($["${AMPUSER}" = ""]?known)
 same => n,Set(AMPUSERCIDNAME=${DB(AMPUSER/${AMPUSER}/cidname)})
 same => n,Set(CALLERID(all)="${AMPUSERCIDNAME}" <${AMPUSER}>)
 same => n(known),Return()

[exten-vm]
exten => s,1,Gosub(user-callerid,s,1)
 same => n,Set(__EXTTOCALL=${ARG2})
 same => n,Set(__PICKUPMARK=${ARG2})
 same => n,Set(RT=${IF($["${ARG1}" != "novm"]?%(mailbox)s:%(ring)s)})
 same => n,Gosub(dial-one,s,1(${RT},tTr,${EXTTOCALL}))
 same => n,Set(SV_DIALSTATUS=${DIALSTATUS})
 same => n,GotoIf($["${SV_DIALSTATUS}" = "BUSY" & "${DB(CFB/${EXTTOCALL})}" != ""]?busy)
 same => n,GotoIf($["${SV_DIALSTATUS}" != "BUSY" & "${DB(CFU/${EXTTOCALL})}" != ""]?unanswered)
 same => n(ended),GotoIf($["${BLKVM}" = "TRUE"]?out)
 same => n,GotoIf($["${ARG1}" != "novm"]?mailbox)
 same => n,GotoIf($["${SV_DIALSTATUS}" = "BUSY"]?tones)
 same => n,Congestion(1)
 same => n(tones),Busy(1)
 same => n(mailbox),VoiceMail(${ARG1}@default,us)
 same => n,Hangup()
 same => n(busy),Dial(Local/${DB(CFB/${EXTTOCALL})}@from-internal/n,%(ring)s,tTr)
 same => n,Goto(ended)
 same => n(unanswered),Dial(Local/${DB(CFU/${EXTTOCALL})}@from-internal/n,%(ring)s,tTr)
 same => n,Goto(ended)
 same => n(out),Return()

[simple-dial]
exten => s,1,Set(__EXTTOCALL=${ARG1})
 same => n,Gosub(dial-one,s,1(${ARG2},tTr,${EXTTOCALL}))
 same => n,Return()

[dial-one]
exten => s,1,Set(DEXTEN=${ARG3})
 same => n,GotoIf($["${DB(CF/${DEXTEN})}" = ""]?undisturbed)
 same => n,Set(DEXTEN=${DB(CF/${DEXTEN})}#)
 same => n(undisturbed),GotoIf($["${DEXTEN:-1}" = "#" | "${DB(DND/${DEXTEN})}" = ""]?waiting)
 same => n(refuse),Set(DIALSTATUS=BUSY)
 same => n,Return()
 same => n(waiting),GotoIf($["${DEXTEN:-1}" = "#"]?continue)
 same => n,GotoIf($["${CWIGNORE}" = "" & "${DB(CW/${DEXTEN})}" != ""]?continue)
 same => n,Set(STATE=${EXTENSION_STATE(${DEXTEN}@ext-local)})
 same => n,GotoIf($["${STATE}" != "NOT_INUSE" & "${STATE}" != "UNAVAILABLE" & "${STATE}" != "UNKNOWN"]?refuse)
 same => n(continue),Gosub(dial-string,s,1)
 same => n,GotoIf($[${LEN(${DSTRING})} = 0]?nobody)
 same => n,GotoIf($["${DB(AMPUSER/${EXTTOCALL}/cidname)}" = "" | "${AMPUSERCIDNAME}" = ""]?dial)
 same => n,Set(CONNECTEDLINE(name,i)=${DB(AMPUSER/${EXTTOCALL}/cidname)})
 same => n,Set(CONNECTEDLINE(num)=${EXTTOCALL})
 same => n(dial),Dial(${DSTRING},${ARG1},${ARG2}b(func-apply-sipheaders^s^1))
 same => n,GotoIf($["${DIALSTATUS}" = "ANSWER"]?over)
 same => n,Return()
 same => n(nobody),Set(DIALSTATUS=CHANUNAVAIL)
 same => n,Return()
 same => n(over),Hangup()

[dial-string]
exten => s,1,GotoIf($["${DEXTEN:-1}" = "#"]?local)
 same => n,Set(DSTRING=${PJSIP_DIAL_CONTACTS(${CUT(DB(AMPUSER/${DEXTEN}/device),&,1)})})
 same => n,Set(DEVICE2=${CUT(DB(AMPUSER/${DEXTEN}/device),&,2)})
 same => n,GotoIf($["${DEVICE2}" = ""]?over)
 same => n,Set(MORE=${PJSIP_DIAL_CONTACTS(${DEVICE2})})
 same => n,Set(DSTRING=${DSTRING}${IF($["${DSTRING}" != "" & "${MORE}" != ""]?&:)}${MORE})
 same => n(over),Return()
 same => n(local),Set(DSTRING=Local/${DEXTEN:0:-1}@from-internal/n)
 same => n,Return()

[func-apply-sipheaders]
exten => s,1,NoOp(Applying SIP Headers to channel ${CHANNEL})
 same => n,Return()

; -- groups ------------------------------------------------------------------------------------------

[ext-group]
exten => _60X,1,Gosub(user-callerid,s,1)
 same => n,Set(__NODEST=${EXTEN})
 same => n,Set(__BLKVM=TRUE)
 same => n,Set(__PICKUPMARK=${EXTEN})
 same => n,Goto(ring-${EXTEN},1)
exten => ring-600,1,Dial(PJSIP/102&PJSIP/103&PJSIP/104,%(group)s,tTrb(func-apply-sipheaders^s^1))
 same => n,Hangup()
exten => ring-601,1,Dial(PJSIP/102&Local/%(far)s@from-internal/n,%(group)s,tTrb(func-apply-sipheaders^s^1))
 same => n,Hangup()
exten => ring-602,1,Set(__RT=%(group)s)
 same => n,Set(__RG_IDX=602)
 same => n,Dial(Local/LC-102@from-internal&Local/RG-602*-%(far)s#@from-internal,%(group)s,tTr)
 same => n,Hangup()
exten => ring-603,1,Dial(PJSIP/102,%(hunt)s,tTrb(func-apply-sipheaders^s^1))
 same => n,Dial(PJSIP/103,%(group)s,tTrb(func-apply-sipheaders^s^1))
 same => n,Hangup()
[ext-local-confirm]
exten => _LC-.,1,Dial(${PJSIP_DIAL_CONTACTS(${EXTEN:3})},${RT},tTrb(func-apply-sipheaders^s^1))
 same => n,Hangup()
[grps]
exten => _RG-602*-.,1,Set(DEXTEN=${EXTEN:8})
 same => n,Gosub(dial-string,s,1)
 same => n,Dial(${DSTRING},${RT},tTrU(confirm^602))
 same => n,Hangup()
[confirm]
exten => s,1,Read(KEY,,1,,,5)
 same => n,ExecIf($["${KEY}" != "1"]?Set(GOSUB_RESULT=ABORT))
 same => n,Return()

; -- follow me ---------------------------------------------------------------------------------------

[ext-findmefollow]
exten => 103,1,GotoIf($["${DB(AMPUSER/103/followme/ddial)}" != "DIRECT"]?ext-local,103,1:followme-check,103,1)
[fmgrps]
exten => _RG-103*.,1,Hangup()
[followme-check]
exten => _X!,1,Gosub(followme-sub,${EXTEN},1)
 same => n,Hangup()
[followme-sub]
exten => _X!,1,Gosub(user-callerid,s,1)
 same => n,Set(CONNECTEDLINE(num,i)=${EXTEN})
 same => n,Set(CONNECTEDLINE(name)=${DB(AMPUSER/${EXTEN}/cidname)})
 same => n,Set(__EXTTOCALL=${EXTEN})
 same => n,Set(__PICKUPMARK=${EXTEN})
 same => n,Set(__BLKVM=TRUE)
 same => n,Set(__FMGRP=${EXTEN})
 same => n,Set(__FMUNIQUE=${CHANNEL})
 same => n,Set(LIST=${DB(AMPUSER/${EXTEN}/followme/grplist)})
 same => n,Dial(Local/FMPR-${EXTEN}@from-internal&Local/FMGL-${LIST}@from-internal,%(group)s,tTrI)
 same => n,Return()
[findmefollow-ringallv2]
exten => _FMPR-.,1,Gosub(simple-dial,s,1(${EXTEN:5},%(group)s))
 same => n,ExecIf($["${DIALSTATUS}" = "BUSY"]?Set(SHARED(FM_DND,${FMUNIQUE})=DND))
 same => n,Hangup()
exten => _FMGL-.,1,Wait(%(follow_first)s)
 same => n,GotoIf($["${SHARED(FM_DND,${FMUNIQUE})}" = "DND"]?end)
 same => n,Set(DEXTEN=${CUT(EXTEN,-,2)})
 same => n,Gosub(dial-string,s,1)
 same => n,Set(FIRST=${DSTRING})
 same => n,Set(DEXTEN=${CUT(EXTEN,-,3)})
 same => n,Gosub(dial-string,s,1)
 same => n,Dial(${FIRST}&${DSTRING},%(group)s,tTrb(func-apply-sipheaders^s^1))
 same => n(end),Hangup()

; -- queues ------------------------------------------------------------------------------------------

[ext-queues]
exten => %(queue)s,1,Gosub(user-callerid,s,1)
 same => n,Answer()
 same => n,Set(__FROMQUEUEEXTEN=${CALLERID(number)})
 same => n,Set(__BLKVM=TRUE)
 same => n,Set(__NODEST=${EXTEN})
 same => n,Set(__CWIGNORE=TRUE)
 same => n,Queue(%(queue)s,tR,,,60)
 same => n,Hangup()
[app-queue]
; *45 and the queue logs the phone in and out
exten => *45%(queue)s,1,Answer()
 same => n,Set(QUEUEUSER=${DB(DEVICE/${CALLERID(number)}/user)})
 same => n,GotoIf($["${QUEUE_MEMBER_LIST(%(queue)s)}" =~ "/${QUEUEUSER}@"]?out)
 same => n,Set(DEVICE_STATE(Custom:QUEUE${QUEUEUSER}*%(queue)s)=INUSE)
 same => n,Set(PENALTY=${DB(QPENALTY/%(queue)s/agents/${QUEUEUSER})})
 same => n,Set(NAME=${DB(AMPUSER/${QUEUEUSER}/cidname)})
 same => n,AddQueueMember(%(queue)s,Local/${QUEUEUSER}@from-queue/n,${PENALTY},,${NAME},hint:${QUEUEUSER}@ext-local)
 same => n,UserEvent(Agentlogin,Agent: ${QUEUEUSER})
 same => n,Hangup()
 same => n(out),Set(DEVICE_STATE(Custom:QUEUE${QUEUEUSER}*%(queue)s)=NOT_INUSE)
 same => n,RemoveQueueMember(%(queue)s,Local/${QUEUEUSER}@from-queue/n)
 same => n,UserEvent(RefreshQueue)
 same => n,Hangup()
exten => _*45X.,hint,Custom:QUEUE${EXTEN:3}
exten => _*46*XXX*%(queue)s,hint,Queue:%(queue)s_pause_Local/${EXTEN:4:3}@from-queue/n
[from-queue]
exten => %(queue)s,1,Goto(from-internal,${QAGENT},1)
exten => _.,1,Set(QAGENT=${EXTEN})
 same => n,Set(__FROMQ=true)
 same => n,GotoIf($["${NODEST}" = ""]?end)
 same => n,Goto(${NODEST},1)
 same => n(end),Hangup()

; -- codes -------------------------------------------------------------------------------------------

[app-dnd]
exten => *78,1,Set(STATE=BUSY)
 same => n,Goto(dnd,1)
exten => *79,1,Set(STATE=NOT_INUSE)
 same => n,Goto(dnd,1)
exten => dnd,1,Answer()
 same => n,Set(AMPUSER=${DB(DEVICE/${CALLERID(number)}/user)})
 same => n,ExecIf($["${STATE}" = "BUSY"]?Set(DB(DND/${AMPUSER})=YES):NoOp(${DB_DELETE(DND/${AMPUSER})}))
 same => n,Set(DEVICE_STATE(Custom:DND${AMPUSER})=${STATE})
 same => n,Set(DEVICE_STATE(Custom:DEVDND${AMPUSER})=${STATE})
 same => n,Hangup()
[app-cf]
exten => _*72X.,1,Answer()
 same => n,Set(AMPUSER=${DB(DEVICE/${CALLERID(number)}/user)})
 same => n,Set(DB(CF/${AMPUSER})=${EXTEN:3})
 same => n,Set(DEVICE_STATE(Custom:CF${AMPUSER})=BUSY)
 same => n,Set(DEVICE_STATE(Custom:DEVCF${AMPUSER})=BUSY)
 same => n,Hangup()
exten => *73,1,Answer()
 same => n,Set(AMPUSER=${DB(DEVICE/${CALLERID(number)}/user)})
 same => n,NoOp(${DB_DELETE(CF/${AMPUSER})})
 same => n,Set(DEVICE_STATE(Custom:CF${AMPUSER})=NOT_INUSE)
 same => n,Set(DEVICE_STATE(Custom:DEVCF${AMPUSER})=NOT_INUSE)
 same => n,Hangup()
[app-pickup]
exten => _**X.,1,Gosub(user-callerid,s,1)
 same => n,Set(PICKUP_EXTEN=${AMPUSER})
 same => n,Pickup(${EXTEN:2}&${EXTEN:2}@PICKUPMARK)
 same => n,Hangup()
[app-chanspy]
exten => _555X.,1,ChanSpy(PJSIP/${EXTEN:3},q)
[ext-intercom]
exten => _*80X.,1,Gosub(user-callerid,s,1)
 same => n,Dial(PJSIP/${EXTEN:3},5,b(autoanswer^s^1))
 same => n,Hangup()
[autoanswer]
exten => s,1,Set(PJSIP_HEADER(add,Call-Info)=<sip:pbx>\\;answer-after=0)
 same => n,Return()
"""

PHONE = """\
exten => {number},1,Set(__RINGTIMER=15)
 same => n,Gosub(exten-vm,s,1({mailbox},{number}))
 same => n(dest),Set(__PICKUPMARK=)
 same => n,Hangup()
exten => {number},hint,{hint}
"""

QUEUES = """\
[general]
persistentmembers = yes
autofill = yes
shared_lastcall = yes
[%(queue)s]
strategy = ringall
timeout = %(queue_ring)s
retry = %(queue_retry)s
servicelevel = 60
ringinuse = no
joinempty = yes
leavewhenempty = no
reportholdtime = no
; a static agent, whose state is that of the extension
member = Local/105@from-queue/n,0,"Eva Dvorak",hint:105@ext-local
"""


def hint(number: str) -> str:
    """Return the hint that FreePBX writes for an extension."""
    return f"PJSIP/{number}&Custom:DND{number},CustomPresence:{number}"


def files(values: dict[str, object]) -> dict[str, str]:
    """Return the files that differ from those of a plain Asterisk."""
    phones = "".join(
        PHONE.format(number=number, mailbox="105" if number == "105" else "novm", hint=hint(number))
        for number in PEOPLE
    )
    values = {**values, "phones": phones, "far": FAR, "queue": QUEUE, "hunt": values["follow_first"]}
    return {"extensions.conf": EXTENSIONS % values, "queues.conf": QUEUES % values}


def database() -> dict[tuple[str, str], str]:
    """Return what FreePBX keeps in Asterisk's database, by family and key."""
    kept: dict[tuple[str, str], str] = {}
    for number, name in PEOPLE.items():
        mailbox = "default" if number == "105" else "novm"
        user = {"cidname": name, "cidnum": number, "device": number, "hint": hint(number), "voicemail": mailbox}
        user |= {"ringtimer": "0", "noanswer": "", "outboundcid": "", "recording": "", "cwtone": "disabled"}
        kept |= {("AMPUSER", f"{number}/{key}"): value for key, value in user.items() if value}
        device = {"dial": f"PJSIP/{number}", "type": "fixed", "user": number, "default_user": number}
        kept |= {("DEVICE", f"{number}/{key}"): value for key, value in device.items()}
        kept["CW", number] = "ENABLED"
    follow = {"ddial": "EXTENSION", "grplist": f"104-{FAR}#", "grptime": "20", "prering": "7", "strategy": "ringallv2"}
    kept |= {("AMPUSER", f"103/followme/{key}"): value for key, value in follow.items()}
    agents = {f"{QUEUE}/agents/102": "0", f"{QUEUE}/agents/103": "5", f"{QUEUE}/dynmemberonly": "yes"}
    return kept | {("QPENALTY", key): value for key, value in agents.items()}
