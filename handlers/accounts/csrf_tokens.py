"""Operations of openapi/accounts/csrf_tokens.yaml."""

import orjson
from flask import Response, request

from handlers.auth.session_cookies import csrf_token, give_csrf_token
from handlers.http.media_types import JSON
from handlers.web.request_context import settings


def get_csrf_token() -> Response:
    token = csrf_token(request, settings())
    response = Response(orjson.dumps({"csrf_token": token}), content_type=JSON)
    give_csrf_token(response, token, request, settings())
    return response
