"""A SMART launch endpoint as the documents of PyPI `fhirclient` show one: flask, its session, authorize_url."""

import os
import sys
import threading

from fhirclient import client
from flask import Flask, redirect, request, session
from waitress import serve
from werkzeug.wrappers import Response

app = Flask(__name__)
app.secret_key = "bench"


def launch() -> Response:
    """The EHR opens the app."""
    settings = {
        "app_id": "bench",
        "api_base": request.args["iss"],
        "launch_token": request.args["launch"],
        "redirect_uri": request.host_url + "app",
        "scope": "openid fhirUser profile",
    }
    smart = client.FHIRClient(settings=settings, save_func=_save)
    answer: Response = redirect(smart.authorize_url)
    return answer


def _save(state: object) -> None:
    session["state"] = state


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


app.add_url_rule("/launch", view_func=launch)

if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    port = int(sys.argv[1])
    sys.stdout.write(f"python ready at http://localhost:{port}\n")
    sys.stdout.flush()
    serve(app, host="127.0.0.1", port=port, threads=16, connection_limit=1000)
