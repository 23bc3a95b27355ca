"""An app with one function that does nothing: what the host itself costs."""

import azure.functions as func

app = func.FunctionApp()


@app.route(route="empty", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def empty(req: func.HttpRequest) -> func.HttpResponse:
    """202, as the doors answer."""
    return func.HttpResponse(status_code=202)
