"""The servers that Waybill is compared with, built as their documentation recommends."""
