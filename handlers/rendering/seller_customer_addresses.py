"""Sources of customer addresses in the seller center."""

from domain.seller_center.customer_addresses import SellerCustomerAddressView
from handlers.contract.operations.marshmallow_schemas import Sources

SELLER_CUSTOMER_ADDRESS = Sources("SellerCustomerAddress", SellerCustomerAddressView)
