"""The servers that Waybill is measured against, each as its own documentation teaches."""
