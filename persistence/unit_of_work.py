"""The unit of work: all stores on one connection."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from persistence.accounts.one_time_tokens import SqlOneTimeTokens
from persistence.accounts.sessions import SqlSessions
from persistence.accounts.users import SqlUsers
from persistence.audit import SqlAuditTrail
from persistence.cancellations.reasons import SqlCancellationReasons
from persistence.cancellations.requests import SqlCancellationRequests
from persistence.cancellations.return_carriers import SqlReturnCarriers
from persistence.documents.cache import Documents
from persistence.idempotency import SqlIdempotencyKeys
from persistence.maintenance import SqlMaintenanceRuns
from persistence.orders.archive import SqlOrderArchive
from persistence.orders.old_orders import SqlOldOrders
from persistence.orders.queries import SqlOrders
from persistence.outbox import SqlOutbox
from persistence.privacy.personal_data import SqlPersonalData
from persistence.privacy.retention import SqlRetention
from persistence.seller_center.list_definitions import LIST_DEFINITIONS
from persistence.seller_center.lists import SqlSellerRows
from persistence.sellers.sellers import SqlSellers
from persistence.sellers.tokens import SqlSellerTokens
from persistence.sql.work import Work


class SqlUnitOfWork:
    """Implements ``domain.unit_of_work.UnitOfWork``; stores are created on first use."""

    def __init__(self, work: Work, now: datetime, documents: Callable[[str], Documents]) -> None:
        """``documents`` returns the documents of the store with this name."""
        self.now = now
        self._work = work
        self._documents = documents

    @cached_property
    def orders(self) -> SqlOrders:
        return SqlOrders(self._work, self._documents("orders"))

    @cached_property
    def old_orders(self) -> SqlOldOrders:
        return SqlOldOrders(self._work, self._documents("old_orders"))

    @cached_property
    def order_archive(self) -> SqlOrderArchive:
        return SqlOrderArchive(self._work)

    @cached_property
    def cancellation_requests(self) -> SqlCancellationRequests:
        return SqlCancellationRequests(self._work)

    @cached_property
    def cancellation_reasons(self) -> SqlCancellationReasons:
        return SqlCancellationReasons(self._work)

    @cached_property
    def return_carriers(self) -> SqlReturnCarriers:
        return SqlReturnCarriers(self._work)

    @cached_property
    def personal_data(self) -> SqlPersonalData:
        return SqlPersonalData(self._work)

    @cached_property
    def retention(self) -> SqlRetention:
        return SqlRetention(self._work)

    @cached_property
    def maintenance(self) -> SqlMaintenanceRuns:
        return SqlMaintenanceRuns(self._work)

    @cached_property
    def sellers(self) -> SqlSellers:
        return SqlSellers(self._work)

    @cached_property
    def seller_tokens(self) -> SqlSellerTokens:
        return SqlSellerTokens(self._work)

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(self._work)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self._work)

    @cached_property
    def one_time_tokens(self) -> SqlOneTimeTokens:
        return SqlOneTimeTokens(self._work)

    @cached_property
    def idempotency_keys(self) -> SqlIdempotencyKeys:
        return SqlIdempotencyKeys(self._work)

    @cached_property
    def audit(self) -> SqlAuditTrail:
        return SqlAuditTrail(self._work)

    @cached_property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._work)

    @cached_property
    def seller_orders(self) -> SqlSellerRows[Any]:
        return self._seller_rows("seller_orders")

    @cached_property
    def seller_order_items(self) -> SqlSellerRows[Any]:
        return self._seller_rows("seller_order_items")

    @cached_property
    def seller_cancellation_plans(self) -> SqlSellerRows[Any]:
        return self._seller_rows("seller_cancellation_plans")

    @cached_property
    def seller_customer_addresses(self) -> SqlSellerRows[Any]:
        return self._seller_rows("seller_customer_addresses")

    def _seller_rows(self, name: str) -> SqlSellerRows[Any]:
        return SqlSellerRows(self._work, LIST_DEFINITIONS[name], self._documents(name))

    def commit(self) -> None:
        self._work.commit()

    def close(self) -> None:
        """Give the connection back; the next statement takes another one."""
        self._work.close()


class ReadingContext:
    """A unit of work that gives its connection back at the end of the block.

    No generator: those cost as much as a short statement, and a request has two or three.
    """

    __slots__ = ("_raise_unavailable", "_unit")

    def __init__(
        self, unit: SqlUnitOfWork, raise_unavailable: Callable[[BaseException], None]
    ) -> None:
        self._unit = unit
        self._raise_unavailable = raise_unavailable

    def __enter__(self) -> SqlUnitOfWork:
        return self._unit

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        self._unit.close()
        if error is not None:
            self._raise_unavailable(error)
