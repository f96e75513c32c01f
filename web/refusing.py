"""How a refusal looks over HTTP: a status, then JSON for programs or a calm page for people. The only place that knows."""

import json
from urllib.parse import quote

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from inventory.domain import refusals
from inventory.domain.law import RULES
from inventory.domain.refusals import BadInput, Failed, NoSuchAddress, Refusal
from web.rendering import refusal_page, wants_block

# The first kind a refusal is of, decides.
STATUSES: tuple[tuple[type[Refusal], int], ...] = (
    (refusals.BodyTooLarge, 413),
    (refusals.BodyTooSlow, 408),
    (refusals.BadInput, 422),
    (refusals.TooManyAttempts, 429),
    (refusals.TooManyRequests, 429),
    (refusals.NotSignedIn, 401),
    (refusals.NotAllowed, 403),
    (refusals.NotFound, 404),
    (refusals.Conflict, 409),
    (refusals.Forbidden, 409),
    (refusals.Unavailable, 503),
)
_NOT_FOUND_STATUS, _UNREADABLE_STATUS = 404, 400
# Its body may still be under way: the connection must end, or the rest would be taken for the next request.
_CUT_OFF = (refusals.BodyTooLarge, refusals.BodyTooSlow)
# A text with NUL in it, which psycopg refuses itself (no state), or other bytes that no text holds.
_UNKEEPABLE = frozenset({None, "22021", "22P05"})
_PROGRAM_PATHS = ("/api/", "/openapi.json", "/health", "/ready", "/metrics", "/live/")


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; 500 where it is none of those people can cause."""
    return next((status for kind, status in STATUSES if isinstance(refusal, kind)), 500)


def refuse(request: Request, refusal: Refusal) -> Response:
    """Answer with a refusal, in the form the asker reads."""
    request.state.refusal = refusal.code  # for the access log
    answer = _answer(request, refusal, status_of(refusal))
    if isinstance(refusal, _CUT_OFF):
        answer.headers["Connection"] = "close"
    answer.headers.update(waiting(refusal))
    return answer


def waiting(refusal: Refusal) -> dict[str, str]:
    """The header that says after how long it may be tried again, where time alone helps."""
    if isinstance(refusal, refusals.TooManyRequests):
        return {"Retry-After": str(refusal.facts["seconds"])}
    if isinstance(refusal, refusals.TooManyAttempts):
        return {"Retry-After": str(int(str(refusal.facts["minutes"])) * 60)}
    return {}


def _answer(request: Request, refusal: Refusal, status: int) -> Response:
    if request.url.path.startswith(_PROGRAM_PATHS):
        return _for_programs(refusal, status)
    if type(refusal) is refusals.NotSignedIn:  # A second person who can't sign is no reason to send the first away.
        return _to_sign_in(request)
    return refusal_page(request, refusal, status)


def fail(request: Request) -> Response:
    """Answer when something broke."""
    return refuse(request, Failed())


def install(app: FastAPI) -> None:
    """Turn every refusal, invalid input and unknown address into an answer of ours."""

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return refuse(request, error)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return refuse(request, _invalid_input(error))

    def unkeepable(request: Request, error: Exception) -> Response:
        assert isinstance(error, psycopg.DataError)
        if error.sqlstate not in _UNKEEPABLE:
            raise error  # A defect of ours.
        return refuse(
            request, BadInput(problem_zh="含有无法保存的字符", problem_en="it holds characters that can't be kept")
        )

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == _NOT_FOUND_STATUS:
            return refuse(request, NoSuchAddress())
        if error.status_code == _UNREADABLE_STATUS:
            return refuse(request, BadInput(problem_zh="内容无法读取", problem_en="the body can't be read"))
        answer = refuse(
            request, BadInput(problem_zh="该地址不接受此请求", problem_en="this address takes no such request")
        )
        answer.status_code = error.status_code
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(psycopg.DataError, unkeepable)


def _for_programs(refusal: Refusal, status: int) -> Response:
    facts = {
        name: value if isinstance(value, int | float | bool) else str(value) for name, value in refusal.facts.items()
    }
    content: dict[str, object] = {
        "code": refusal.code,
        "message": refusal.sentence("en"),
        "message_zh": refusal.sentence("zh"),
        "facts": facts,
    }
    if refusal.rule is not None:
        rule = RULES[refusal.rule]
        content |= {"rule": rule.id, "source": rule.source("en"), "source_zh": rule.source("zh")}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004
    return JSONResponse(content, status, headers)


def _to_sign_in(request: Request) -> Response:
    # What was being looked at, so that signing in leads back there; a form's answer has no address of its own.
    wanted = request.url.path if request.method == "GET" and not wants_block(request) else "/"
    address = "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted)}"
    if wants_block(request):
        return Response(status_code=401, headers={"HX-Redirect": address})
    return Response(status_code=303, headers={"Location": address})


def _invalid_input(error: RequestValidationError) -> BadInput:
    """The first thing wrong, as one sentence; what was sent is not repeated."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return BadInput(problem_zh="内容不是有效的 JSON", problem_en="the body is not valid JSON")
    field = ".".join(str(part) for part in first["loc"][1:])[:100] or str(first["loc"][0])
    where = json.dumps(field, ensure_ascii=False)
    expected_zh, expected_en = _expected(str(first["type"]), first.get("ctx") or {})
    return BadInput(problem_zh=f"字段 {where} {expected_zh}", problem_en=f"the field {where} {expected_en}")


def _expected(kind: str, facts: dict[str, object]) -> tuple[str, str]:
    if kind == "missing":
        return "不能缺少", "is missing"
    if kind == "string_too_long":
        return f"最多 {facts['max_length']} 个字符", f"has at most {facts['max_length']} characters"
    if kind == "string_too_short":
        return f"至少 {facts['min_length']} 个字符", f"has at least {facts['min_length']} characters"
    if kind.startswith("string"):
        return "应为文字", "must be text"
    if kind == "extra_forbidden":
        return "未知", "is unknown"
    return "形式不对", "has the wrong form"
