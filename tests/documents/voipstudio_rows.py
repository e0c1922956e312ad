"""What VoIPstudio's page says, row by row, for a proof of each."""

from .rows import Row

ROWS: tuple[Row, ...] = (
    Row(
        id="base",
        says="the example's path begins with /v1.1/voipstudio",
        seen="every request is below /v1.1/voipstudio/",
    ),
    Row(id="ssl", says="authentication is over SSL", seen="https unless somebody says otherwise"),
    # -- who asks
    Row(
        id="login",
        says="login by email and password, in JSON",
        seen="POST login with exactly email and password, Content-Type application/json, no Authorization",
    ),
    Row(
        id="login_special",
        says="the example's password is full of special characters",
        seen="$ecretPas$$ arrives as it was typed",
    ),
    Row(
        id="login_answer",
        says="the answer has a unique user_id and user_token",
        seen="the next request is Basic with both; user_id may be a number",
    ),
    Row(id="login_wrong", says="codes 4xx say what is wrong", seen="a wrong password is told as such, in the form too"),
    Row(
        id="api_key",
        says="with an API key there is no need to log in; it stands in place of the token",
        seen="Basic user_id:API key on every request, no POST login at all",
    ),
    Row(
        id="basic",
        says="Authorization: Basic base64('user_id:user_token')",
        seen="a colon between the two, as in the format and in curl -u; the page's *semicolon* is refused",
    ),
    Row(
        id="token_gone",
        says="a token is what a login returned",
        seen="401 for a token leads to one new login, then the request again; a command is not placed twice",
    ),
    Row(id="key_gone", says="an API key belongs to a user", seen="401 for a key asks for a new key, without a login"),
    Row(id="content_type", says="every example has Content-Type application/json", seen="it is there with every body"),
    # -- answers
    Row(id="status_2xx", says="2xx is success", seen="200 and 201 alike are success"),
    Row(id="status_4xx", says="4xx: it failed given what was sent", seen="the command fails, and is not repeated"),
    Row(id="status_5xx", says="5xx: an error of the server", seen="unavailable, then back on its own"),
    Row(id="json", says="all answers are JSON, errors too", seen="the answer to a DELETE and to an error can be read"),
    Row(
        id="message", says="an error has a general message", seen="message reaches the user when there is nothing else"
    ),
    Row(
        id="errors",
        says="an error has an array of messages",
        seen="every one of errors reaches the user; an empty array does no harm",
    ),
    Row(
        id="collection",
        says="a collection answers data, an array, and total",
        seen="records are read from data, their number from total",
    ),
    Row(
        id="single",
        says="a single resource answers data and links",
        seen="the record is read from data; links do no harm",
    ),
    # -- collections
    Row(id="page", says="page is the number of a page", seen="page and limit in the query, page growing by one"),
    Row(id="limit", says="limit is at most 5000", seen="limit never above 5000"),
    Row(id="total", says="total is the number of all", seen="pages are asked for until as many as total are there"),
    Row(
        id="filter",
        says="filter is a JSON string in the query",
        seen="an array of objects with operator, value, property, encoded for a URL",
    ),
    Row(id="filter_like", says="like is an operator", seen="operator like with a part of a text"),
    Row(
        id="filter_encoding",
        says="the example's value has a blank",
        seen="blanks, quotes, &, + and letters of all scripts",
    ),
    Row(id="group_by", says="group_by names a property, with GET alone", seen="group_by in the query of a GET"),
)
