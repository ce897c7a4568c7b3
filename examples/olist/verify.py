"""Compare the totals of the CSV files with those that Waybill serves, to the cent.

    python -m examples.olist.verify FOLDER

Runs the application on the database that WAYBILL_DATABASE_URL names, opens a session for every
customer, and reads all their orders through the API. Says every few seconds how far it is. Exit
code 1 if anything differs.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import httpx

from domain.accounts.sessions import open_session
from domain.accounts.users import UserType, email_key
from examples.olist.convert import Totals, customer_email, read_tables, totals
from handlers.app import create_app, database_of
from handlers.auth.cookies import session_cookie
from handlers.auth.session_cookies import session_lifetime
from handlers.cli.progress import ProgressLines
from handlers.contract.asgi.routing import ContractApp
from handlers.logs import configure_logs
from handlers.settings import Settings, read_settings

PAGE = 100


async def served_totals(app: ContractApp, settings: Settings, emails: Iterable[str]) -> Totals:
    """Compute the totals of all orders that these users get from the API."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        orders: list[dict[str, Any]] = []
        progress = ProgressLines()
        for number, email in enumerate(emails):
            session = _session(app, settings, email)
            orders += [order async for order in _served_orders(client, session)]
            progress.write(partial("{} customers, {} orders".format, number + 1, len(orders)))
    items = [item for order in orders for item in order["orderitem_set"]]
    return Totals(
        orders=len(orders),
        orders_without_items=sum(not order["orderitem_set"] for order in orders),
        lines=len(items),
        units=sum(item["quantity"] for item in items),
        goods=_sum(items, "price"),
        freight=_sum(orders, "shipping_amount"),
        paid=_sum(orders, "amount") + _sum(orders, "installment_interest_amount"),
    )


def compare(expected: Totals, served: Totals, target: TextIO) -> bool:
    """Print both side by side; return whether they are equal."""
    for name, in_files, at_the_api in zip(Totals._fields, expected, served, strict=True):
        verdict = "agree" if in_files == at_the_api else "DIFFER"
        target.write(f"{name:<22}{in_files:>14}{at_the_api:>14}  {verdict}\n")
    return expected == served


def main(folder: Path, target: TextIO) -> int:
    tables = read_tables(folder)
    emails = sorted({customer_email(customer) for customer in tables.customers.values()})
    settings = replace(read_settings(), log_level=logging.WARNING)
    configure_logs(settings)
    served = asyncio.run(served_totals(create_app(settings), settings, emails))
    return 0 if compare(totals(tables), served, target) else 1


def _session(app: ContractApp, settings: Settings, email: str) -> dict[str, str]:
    """Open a session of a user; return its header."""
    with database_of(app).writing() as uow:
        user = uow.users.by_email_key(email_key(email), UserType.REGISTERED)
        if user is None:
            raise LookupError(f"{email} has no orders here: were they imported?")
        session = open_session(user, session_lifetime(settings), uow).value
    return {"Cookie": f"{session_cookie(settings)}={session}"}


async def _served_orders(
    client: httpx.AsyncClient, session: dict[str, str]
) -> AsyncIterator[dict[str, Any]]:
    url: str | None = f"/users/orders/?limit={PAGE}"
    while url:
        response = await client.get(url, headers=session)
        page = response.raise_for_status().json()
        for order in page["results"]:
            yield order
        url = page["next"]


def _sum(rows: Iterable[dict[str, Any]], field: str) -> Decimal:
    return sum((Decimal(row[field]) for row in rows), Decimal(0))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.stdout))
