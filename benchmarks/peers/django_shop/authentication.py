"""Authenticates shoppers by session cookie and sellers by token; only hashes are stored."""

from hashlib import sha256
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from benchmarks.peers.django_shop.models import SellerToken, Session


class SessionAuthentication(BaseAuthentication):
    """By the cookie."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        value = request.COOKIES.get("sessionid", "")
        hashed = sha256(value.encode()).digest()
        session = Session.objects.select_related("user").filter(id_hash=hashed).first()
        if session is None or not session.user.is_active or session.expires_date <= timezone.now():
            raise AuthenticationFailed
        return session.user, None


class TokenAuthentication(BaseAuthentication):
    """By the bearer token."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        value = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = SellerToken.objects.filter(token_hash=sha256(value.encode()).digest()).first()
        if token is None or token.revoked_date or token.expires_date <= timezone.now():
            raise AuthenticationFailed
        if "orders:read" not in token.scopes.split():
            raise AuthenticationFailed
        return token, None
