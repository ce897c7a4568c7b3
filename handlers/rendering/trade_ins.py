"""Sources of trade-in offers."""

from domain.trade_ins import OfferDetails
from handlers.contract.operations.marshmallow_schemas import Sources

TRADE_IN_SOURCES = [Sources("TradeInOffer", OfferDetails, {})]
