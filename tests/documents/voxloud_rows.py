"""What Voxloud's page says, row by row, for a proof of each."""

from .rows import Row

ROWS: tuple[Row, ...] = (
    # -- authentication and errors
    Row(id="auth_header", says="a header in every request carries the key", seen="Voverc-Auth on every request"),
    Row(
        id="validate_auth",
        says="a key is checked by validate-auth; the answer is the company's name and email",
        seen="POST /api/v1/validate-auth before an account is accepted; its title or data name the company",
    ),
    Row(id="validate_auth_401", says="a wrong key is answered 401", seen="401 is told as a wrong key, in the form too"),
    Row(
        id="json",
        says="JSON is the format of all endpoints",
        seen="Content-Type application/json with every body; an Accept that allows JSON",
    ),
    Row(id="error_400", says="400: not well-formed", seen="refusal 400 reaches the user; nothing is sent twice"),
    Row(id="error_401", says="401: the key is wrong", seen="a running account asks for a new key"),
    Row(id="error_403", says="403: not accessible with these credentials", seen="told apart from a wrong key"),
    Row(id="error_404", says="404: not found", seen="a record that is gone is told as such"),
    Row(id="error_405", says="405: wrong method", seen="no request of the client is ever answered 405"),
    Row(id="error_406", says="406: asked for something that isn't JSON", seen="no request is ever answered 406"),
    Row(id="error_429", says="429: too many requests, slow down", seen="fewer requests afterwards; a command once"),
    Row(id="error_500", says="500: trouble with the server, later again", seen="unavailable, then back on its own"),
    Row(id="error_503", says="503: offline for maintenance, later again", seen="unavailable, then back on its own"),
    # -- contacts
    Row(
        id="contact_create",
        says="a contact is created by POST; first name and primary phone are required",
        seen="POST /api/v1/contacts; body only of the table's fields",
    ),
    Row(
        id="contact_e164",
        says="primary and secondary phones must be in E.164",
        seen="primary_phone and phones with + and country",
    ),
    Row(
        id="contact_fields",
        says="last name, phones, emails, company, job title, website, CRM name and URL are optional",
        seen="each arrives under the table's name; what is not given is left out",
    ),
    Row(id="contact_created", says="the answer has the contact's id and dates", seen="id, created_at, updated_at read"),
    Row(
        id="contact_update",
        says="a contact is updated under its id, with the same required fields",
        seen="PUT (or POST) /api/v1/contacts/{id} with first_name and primary_phone",
    ),
    Row(
        id="contact_search",
        says="contacts are found by full or partial first name, last name, phone, email",
        seen="GET /api/v1/contacts with first_name, last_name, phone, email",
    ),
    Row(id="contact_offset", says="offset is positive, 0 by default", seen="offset grows by what was asked for"),
    Row(id="contact_limit", says="limit is 1 to 100, 20 by default", seen="limit never above 100"),
    Row(
        id="contact_has_next",
        says="has_next says whether there is at least one more after this page",
        seen="the next page is asked for only when has_next is true",
    ),
    Row(id="contact_get", says="one contact under its id", seen="GET /api/v1/contacts/{id}"),
    Row(
        id="contact_delete", says="a contact is removed under its id", seen="DELETE /api/v1/contacts/{id}; no body read"
    ),
    # -- users
    Row(id="users", says="all users, at version 2 of the API", seen="GET /api/v2/users; an array, not an object"),
    Row(
        id="user_extension",
        says="a user has a first name, a last name and an extension number, an integer",
        seen="extensions 101 and 102 with the users' names",
    ),
    Row(
        id="user_outbound",
        says="a user has a selected outbound number and all available ones, with labels",
        seen="outbound_did and available_dids told with the extension",
    ),
    # -- subscriptions
    Row(
        id="subscription_create",
        says="a subscription needs a callback URL and an event type",
        seen="POST /api/v1/webhook-subscriptions with callback_url, event_type",
    ),
    Row(
        id="subscription_kinds",
        says="it can be created for FAX_CALL, PHONE_CALL, CALL_STARTED, _INCOMING, _ANSWERED, _HANGUP",
        seen="one subscription for each kind that is wanted; never CLICK_TO_CALL on creation",
    ),
    Row(
        id="subscription_email",
        says="an email for the notice that a subscription became disabled is optional",
        seen="notification_email when given, no such field when not",
    ),
    Row(
        id="subscription_update",
        says="an update needs id, callback URL and event type; enabled and email are optional",
        seen="PUT (or POST) /api/v1/webhook-subscriptions/{id} with id, callback_url, event_type (, enabled)",
    ),
    Row(
        id="subscription_click",
        says="an update and the answers know CLICK_TO_CALL as a kind",
        seen="a listed subscription of that kind is understood",
    ),
    Row(
        id="subscription_list",
        says="all subscriptions; the example spells the kind event_type once and type twice",
        seen="GET /api/v1/webhook-subscriptions; both spellings are read: none is created a second time",
    ),
    Row(
        id="subscription_of_others",
        says="the list holds subscriptions with any callback URL",
        seen="those that point elsewhere are neither changed nor removed",
    ),
    Row(
        id="subscription_failed",
        says="failed attempts are counted, the last error is told",
        seen="failed_count and last_error of an own subscription reach the user",
    ),
    Row(
        id="subscription_disabled",
        says="a subscription can become disabled",
        seen="enabled false of an own one: it is enabled again or replaced, and the user told",
    ),
    Row(id="subscription_get", says="one subscription under its id", seen="GET /api/v1/webhook-subscriptions/{id}"),
    Row(
        id="subscription_delete",
        says="a subscription is removed under its id",
        seen="DELETE /api/v1/webhook-subscriptions/{id} for each own one when the account goes",
    ),
    # -- webhooks
    Row(
        id="webhook_envelope",
        says="timestamp, type and pbx_id are common to all, data differs",
        seen="every kind is understood from the envelope's type, answered with 2xx",
    ),
    Row(
        id="webhook_milliseconds", says="timestamp counts milliseconds since 1970", seen="times are right to the second"
    ),
    Row(id="webhook_started", says="CALL_STARTED: an outbound or internal call", seen="a call of extension 101 begins"),
    Row(id="webhook_incoming", says="CALL_INCOMING: an inbound call", seen="extension 101 rings, the caller's number"),
    Row(id="webhook_answered", says="CALL_ANSWERED: an answered call", seen="the call of the callId is talking"),
    Row(id="webhook_hangup", says="CALL_HANGUP: the end of a call", seen="the call of the callId is over"),
    Row(
        id="webhook_user",
        says="userExtension (a number), userEmail and sipUsername tell whose event it is",
        seen="the event belongs to the extension, not to the number dialled",
    ),
    Row(
        id="webhook_numbers",
        says="destination and originator have a number in E.164 and a name",
        seen="both numbers and both names reach the event",
    ),
    Row(
        id="webhook_phone_call",
        says="PHONE_CALL: the record of a call, some seconds after its end",
        seen="a record with direction, parties, answerer, duration",
    ),
    Row(
        id="record_direction",
        says="direction is INTERNAL, OUTBOUND or INBOUND",
        seen="each of the three is told as such",
    ),
    Row(
        id="record_last_event",
        says="lastEvent is one of ten",
        seen="each becomes an outcome: answered, missed, busy, rejected, cancelled, transferred",
    ),
    Row(
        id="record_duration",
        says="duration is in seconds, with the ringing; ringTime is that until the first answer",
        seen="time talked is duration less ringTime",
    ),
    Row(
        id="record_masked", says="maskCallerNumber: the caller's number was masked", seen="the caller counts as unknown"
    ),
    Row(
        id="record_recording",
        says="recorded, recordingUrl: the call was recorded",
        seen="recording and its URL are told",
    ),
    Row(id="record_voicemail", says="voicemail: there is a message", seen="the record says voicemail"),
    Row(id="record_answerer", says="answererName, answererNumber: who answered", seen="the answerer is told"),
    Row(id="record_labels", says="labels, ruleNames: arrays of texts", seen="both are told as lists"),
    Row(id="record_crm", says="contactCrm, contactCrmUrl, crmLogo: where the contact was found", seen="they are told"),
    Row(
        id="record_transcription",
        says="transcription of at most 65,535 and summary of at most 3,500 characters",
        seen="texts of that length arrive; no state of an entity grows over its limit",
    ),
    Row(
        id="record_sentiment", says="sentiment_score is 0 to 100", seen="the number is told; 0 is a number, not nothing"
    ),
    Row(id="record_archived", says="archived: marked as such", seen="told, or passed over without harm"),
    Row(
        id="webhook_fax",
        says="FAX_CALL: a fax with sender, recipient, direction, attachment, pages, description",
        seen="an event of a fax; its direction is in small letters",
    ),
    Row(
        id="webhook_fax_inbound",
        says="description is only there for outbound faxes",
        seen="a fax without it is understood",
    ),
    Row(
        id="webhook_click",
        says="CLICK_TO_CALL: the record of a call on a click, of kind EXTENSION or CONTACT",
        seen="a record; no lastEvent is needed",
    ),
    # -- telephony events
    Row(
        id="events_query",
        says="events are queried by number and a span of time, all optional",
        seen="POST /api/v1/telephony-events with number, date_time_from, date_time_to in a JSON body",
    ),
    Row(
        id="events_time_zone",
        says="both ends of the span are ISO 8601 with a time zone",
        seen="Z or an offset in date_time_from and date_time_to",
    ),
    Row(id="events_sort", says="sort is property,direction", seen="sort=timestamp,desc in the query, not in the body"),
    Row(id="events_page", says="size and page; the first page is 0", seen="page=0 first; on until last is true"),
    Row(
        id="events_last",
        says="last, totalPages, totalElements tell how much there is",
        seen="nothing after the last page",
    ),
    Row(
        id="events_time",
        says="the example's timestamp is a text with +0000, not milliseconds",
        seen="records of the query have the same time as those of a webhook",
    ),
    Row(
        id="events_json",
        says="JSON or CSV, by the Accept header; JSON by default",
        seen="Accept application/json, */* or none; text/csv only where CSV is wanted",
    ),
    Row(id="events_anonymous", says="a caller may be *anonymous*", seen="no number is made of that word"),
    Row(id="event_get", says="one event under its id", seen="GET /api/v1/telephony-events/{id}"),
    Row(id="event_of_call", says="one event of a callId", seen="GET /api/v1/telephony-events?callId="),
    # -- click to call
    Row(
        id="click_create",
        says="an object needs a name, an extension and an outbound number",
        seen="POST /api/v1/click-to-call with name, extension (a text), outboundNumber",
    ),
    Row(
        id="click_outbound",
        says="the outbound number should be one that is configured in the PBX",
        seen="outboundNumber is one of the user's available_dids",
    ),
    Row(
        id="click_first",
        says="dial_first is contact or extension, which is the default",
        seen="dial_first as chosen; nothing else than the two",
    ),
    Row(
        id="click_reuse",
        says="objects should be reused",
        seen="two calls of an extension: one POST to /click-to-call, two to connect; existing ones are used",
    ),
    Row(
        id="click_limit",
        says="there are at most as many as users and groups",
        seen="at the limit the refusal is told; nothing of others is removed",
    ),
    Row(id="click_list", says="all objects", seen="GET /api/v1/click-to-call before one is created"),
    Row(
        id="click_name",
        says="the example's name comes back with a prefix, and no table of the answer has it",
        seen="an object is found again by extension, number and order, or its id",
    ),
    Row(id="click_get", says="one object under its id", seen="GET /api/v1/click-to-call/{id}"),
    Row(id="click_delete", says="an object is removed under its id", seen="DELETE /api/v1/click-to-call/{id}"),
    Row(
        id="click_connect",
        says="a contact is connected with the object's extension",
        seen="POST /api/v1/click-to-call/{id}/connect with contact, exactly once",
    ),
    Row(id="click_e164", says="the contact is a number in E.164", seen="contact with + and country"),
)
