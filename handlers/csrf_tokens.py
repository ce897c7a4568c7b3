"""Operations of openapi/csrf_tokens.yaml."""

import orjson
from flask import Response, request

from handlers.context import settings
from handlers.contract.media_types import JSON
from handlers.security import csrf_token, give_csrf_token


def get_csrf_token() -> Response:
    token = csrf_token(request, settings())
    response = Response(orjson.dumps({"csrf_token": token}), content_type=JSON)
    give_csrf_token(response, token, request, settings())
    return response
