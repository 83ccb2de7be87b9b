"""Routers that are passed over quickly: of some hundred, an address concerns one or two."""

import re
from functools import cached_property

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

PREFIX = "/v1"
"""What the addresses of all features begin with."""


class Router(APIRouter):
    """A feature's router: before FastAPI asks one route after the other, one expression tells whether to ask at all."""

    @cached_property
    def _addresses(self) -> re.Pattern[str]:
        # Of whole addresses without their beginning; groups go without names, which several routes share.
        patterns = (route.path_regex.pattern for route in self.routes if isinstance(route, APIRoute))
        return re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", pattern) for pattern in patterns))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See FastAPI; by the address alone, so that a wrong method is still told from an unknown address."""
        address: str = scope["path"]
        if self._addresses.match(address.removeprefix(PREFIX)) is None:
            return Match.NONE, {}
        return super().matches(scope)
