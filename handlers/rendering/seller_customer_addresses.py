"""Sources of an address as the seller who sends to it sees it."""

from domain.seller_center.customer_addresses import SellerCustomerAddressView
from handlers.contract.operations.marshmallow_schemas import Sources

SELLER_CUSTOMER_ADDRESS = Sources("SellerCustomerAddress", SellerCustomerAddressView)
