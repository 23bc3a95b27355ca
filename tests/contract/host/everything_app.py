"""A function app that uses every trigger and binding of the local host; tests copy it to function_app.py."""

import json
import logging
import threading
import time
from typing import Any, List  # noqa: UP035 - the worker library reads this spelling of a list of messages

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("everything")
seen: list[dict[str, object]] = []
lock = threading.Lock()
released = threading.Event()


def note(function: str, **what: object) -> None:
    with lock:
        seen.append({"function": function, "at": time.time(), **what})


def answer(document: object) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(document), mimetype="application/json")


@app.route(route="seen/{function}", methods=["GET"])
async def read_seen(req: func.HttpRequest) -> func.HttpResponse:
    with lock:
        return answer([entry for entry in seen if entry["function"] == req.route_params["function"]])


@app.route(route="echo/{kind:alpha?}")
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return answer(
        {
            "method": req.method,
            "url": req.url,
            "params": dict(req.params),
            "route": dict(req.route_params),
            "headers": dict(req.headers),
            "body": req.get_body().decode("latin-1"),
            "function": context.function_name,
            "invocation": context.invocation_id,
            "trace": context.trace_context.trace_parent,
        }
    )


@app.route(route="echo/literal", methods=["GET"])
def literal(req: func.HttpRequest) -> str:
    return "literal"


@app.route(route="only/get", methods=["GET"])
def only_get(req: func.HttpRequest) -> str:
    return "got"


@app.route(route="raise")
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("the detail is for the log alone")


@app.route(route="none")
def gives_none(req: func.HttpRequest) -> func.HttpResponse:
    return None  # type: ignore[return-value]


@app.route(route="headers")
async def headers(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", status_code=201, mimetype="application/octet-stream")
    response.headers.add("X-Twice", "1")
    response.headers.add("X-Twice", "2")
    response.headers.add("Set-Cookie", "__Host-one=a+b; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")
    response.headers.add("Set-Cookie", "two=2; Path=/api; Expires=Thu, 01 Jan 2099 00:00:00 GMT")
    response.headers.add("Set-Cookie", "lost=3; Path=/; Unheard-Of")
    return response


@app.route(route="bad-header")
async def bad_header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x", headers={"X-Name": "Zoë"})


@app.route(route="hold")
def hold(req: func.HttpRequest) -> str:
    note("hold")
    return "released" if released.wait(30) else "forgotten"


@app.route(route="release", methods=["POST"])
async def release(req: func.HttpRequest) -> func.HttpResponse:
    released.set()
    return func.HttpResponse(status_code=204)


@app.route(route="send", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="%WORK_QUEUE%", connection="STORAGE")
def send(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
    message.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.route(route="send-many", methods=["POST"])
@app.queue_output(arg_name="messages", queue_name="%WORK_QUEUE%", connection="STORAGE")
async def send_many(req: func.HttpRequest, messages: func.Out[List[str]]) -> func.HttpResponse:  # noqa: UP006
    messages.set(req.get_json())
    return func.HttpResponse(status_code=202)


@app.route(route="send-unsendable", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="%WORK_QUEUE%", connection="STORAGE")
def send_unsendable(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
    message.set("x" * 70_000)
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%", connection="STORAGE")
def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    note(
        "work",
        text=text,
        count=message.dequeue_count,
        id=message.id,
        inserted=message.insertion_time.isoformat() if message.insertion_time else "",
        expires=message.expiration_time.isoformat() if message.expiration_time else "",
    )
    if text.startswith("fail"):
        raise RuntimeError("not today")


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%-chain", connection="STORAGE")
@app.queue_output(arg_name="$return", queue_name="%WORK_QUEUE%", connection="STORAGE")
async def chain(message: func.QueueMessage) -> str:
    return "chained " + message.get_body().decode()


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%-poison", connection="STORAGE")
async def buried(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    note("buried", text=text, count=message.dequeue_count)
    if "again" in text:
        raise RuntimeError("even here")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def every_second(timer: func.TimerRequest) -> None:
    given: Any = timer  # the SDK's own type leaves the schedule out
    note("every_second", past_due=timer.past_due, next=given.schedule_status["Next"])


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def at_start(timer: func.TimerRequest) -> None:
    log.info("a line of the app's own")
    log.debug("a line too fine to show")
    note("at_start", past_due=timer.past_due)
