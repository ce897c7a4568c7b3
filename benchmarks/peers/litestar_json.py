"""The Litestar peer's JSON: SQL expressions of which its statements are composed.

Names of columns are names of fields. Money is text, as in all responses; times have microseconds.
"""

from benchmarks.peers.labels import LABELS


def moment(column: str) -> str:
    """A column with a time zone, in UTC."""
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def labelled(kind: str, column: str) -> str:
    """A coded column with its label, as a CASE over all codes."""
    cases = " ".join(
        f"""WHEN '{value}' THEN '{{"value":"{value}","label":"{label}"}}'::json"""
        for value, label in LABELS[kind].items()
    )
    return f"CASE {column} {cases} END"


def row_object(select: str) -> str:
    """The row of a SELECT as an object, or null."""
    return f"(SELECT row_to_json(found) FROM ({select}) AS found)"


def many(select: str) -> str:
    """All rows of a SELECT as an array of objects, by id."""
    return (
        "(SELECT coalesce(json_agg(row_to_json(found) ORDER BY found.id), '[]')"
        f" FROM ({select}) AS found)"
    )


def _location(column: str, code: str = "") -> str:
    return row_object(
        f"SELECT id AS pk, id, name, {code} is_active, translations, country, city, township,"
        f" priority, postcode FROM locations WHERE id = {column}"
    )


def _company(column: str) -> str:
    return row_object(f"SELECT value, label FROM shipping_companies WHERE value = {column}")


def _address(column: str) -> str:
    return row_object(f"""
        SELECT a.id AS pk, a.id, email, phone_number, first_name, last_name,
            {_location("a.country_id", "code,")} AS country,
            {_location("a.city_id", "code,")} AS city,
            line, title, {_location("a.township_id")} AS township,
            {_location("a.district_id")} AS district,
            a.postcode, notes, company_name, tax_office, tax_no, e_bill_taxpayer, hash_data,
            {labelled("address_type", "address_type_code")} AS address_type,
            retail_store, remote_id, identity_number, extra_field, user_id AS "user",
            is_corporate, "primary"
        FROM addresses a WHERE a.id = {column}
    """)


_EASY_RETURN = row_object(f"""
    SELECT {_company("e.shipping_company_id")} AS shipping_company, code,
        {moment("start_date")} AS start_date, {moment("end_date")} AS end_date,
        {labelled("easy_return_status", "e.status_code")} AS status,
        tracking_number, tracking_url, pickup_date
    FROM easy_returns e WHERE e.request_id = c.id
""")

_IMAGES = many(f"""
    SELECT id AS pk, id, cancellation_request, image, description, is_uploaded_by_user,
        {moment("created_date")} AS created_date, {moment("modified_date")} AS modified_date
    FROM request_images WHERE cancellation_request = c.id
""")

REQUEST_FIELDS = f"""
    c.id AS pk, c.id, c.uuid, c.order_item_id AS order_item, c.reason_id AS reason,
    {labelled("cancellation_status", "c.status_code")} AS status, c.description, c.iban,
    c.holder_name, c.quantity, c.fully_refund_as_loyalty_money,
    {moment("c.created_date")} AS created_date, {moment("c.modified_date")} AS modified_date
"""
"""The fields of a request, from the row ``c``."""

_REQUEST = row_object(f"""
    SELECT {REQUEST_FIELDS}, {_EASY_RETURN} AS easy_return,
        {labelled("cancellation_type", "c.cancellation_type_code")} AS cancellation_type,
        {_IMAGES} AS cancellation_request_image_set
""")

_REQUESTS = f"""
    SELECT coalesce(json_agg(document ORDER BY id), '[]') AS listed,
        (array_agg(document ORDER BY created_date DESC, id DESC)
            FILTER (WHERE status_code IN ('open', 'approved')))[1] AS active
    FROM (
        SELECT c.id, c.created_date, c.status_code, {_REQUEST} AS document
        FROM cancellation_requests c WHERE c.order_item_id = i.id
    ) AS request_documents
"""

_PRODUCT = row_object("""
    SELECT id AS pk, id, sku, base_code, name, image, absolute_url, attributes,
        attributes_kwargs, form_schema, data_source, extra_attributes, category, attribute_set
    FROM products WHERE id = i.product_id
""")

_OPTION_GROUP = row_object("""
    SELECT id AS pk, id, amount::text, shipping_option_name, shipping_option_logo
    FROM shipping_option_groups WHERE id = i.shipping_option_group_id
""")

_RETURN_COMPANIES = many(f"""
    SELECT r.id AS pk, r.id, {_company("r.shipping_company_id")} AS shipping_company,
        r.name, r.requires_pickup_address
    FROM item_easy_return_companies ir JOIN easy_return_companies r ON r.id = ir.company_id
    WHERE ir.order_item_id = i.id
""")

_ITEMS = many(f"""
    SELECT i.id AS pk, i.id, {_PRODUCT} AS product, i.order_id AS "order",
        price::text, tax_rate::text, retail_price::text, discount_amount::text,
        discounted_price::text, {labelled("status", "i.status_code")} AS status,
        {labelled("currency", "i.currency_code")} AS price_currency,
        is_cancelled, is_cancellable, is_refundable, is_tradable, tracking_url,
        tracking_number, invoice_number, {moment("invoice_date")} AS invoice_date,
        e_archive_url, {_company("i.shipping_company_id")} AS shipping_company,
        {_OPTION_GROUP} AS shipping_option_group, estimated_delivery_date,
        {moment("shipped_date")} AS shipped_date, {moment("delivered_date")} AS delivered_date,
        image, attributes, attributes_kwargs, extra_field,
        requests.listed AS cancellationrequest_set,
        requests.active AS active_cancellation_request,
        {_RETURN_COMPANIES} AS available_easy_return_shipping_companies,
        {row_object("SELECT id AS pk, name FROM sellers WHERE id = i.datasource_id")}
            AS datasource_detailed,
        extra_product_stock_detailed, extra_product_price_detailed, quantity,
        cancellable_quantity, refundable_quantity, unit_price::text, total_amount::text,
        {moment("i.created_date")} AS created_date, {moment("modified_date")} AS modified_date,
        localized_attributes, localized_attributes_kwargs, defined_tracking_url,
        shipping_tracking_url, parent, extra_product_price, extra_product_stock,
        datasource_id AS datasource
    FROM order_items i CROSS JOIN LATERAL ({_REQUESTS}) AS requests WHERE i.order_id = o.id
""")

_DISCOUNTS = many(f"""
    SELECT id AS pk, id, order_id AS "order", name, code, amount::text, cancel_amount::text,
        {moment("created_date")} AS created_date, order_number,
        {labelled("currency", "currency_code")} AS currency
    FROM discount_items WHERE order_id = o.id
""")

_LOYALTY = many("""
    SELECT id AS pk, id, uuid, amount::text, "order", "user", user_email, reference
    FROM loyalty_transactions WHERE "order" = o.id
""")

_PAYMENT_OPTION = row_object("""
    SELECT id AS pk, id, name, payment_type, slug
    FROM payment_options WHERE id = o.payment_option_id
""")

_BANK = row_object(
    "SELECT id AS pk, id, name, slug, logo, logo_path FROM banks WHERE id = o.bank_id"
)

ORDER = row_object(f"""
    SELECT o.id AS pk, o.id, o.number, {labelled("status", "o.status_code")} AS status,
        {labelled("currency", "o.currency_code")} AS currency, o.amount::text,
        o.discount_amount::text, o.amount_without_discount::text, o.shipping_amount::text,
        o.shipping_tax_rate::text, o.refund_amount::text, o.discount_refund_amount::text,
        o.shipping_refund_amount::text, o.is_cancelled, o.is_cancellable, o.is_refundable,
        o.is_payable, o.tracking_url, o.tracking_number, o.invoice_number,
        {moment("o.invoice_date")} AS invoice_date, o.e_archive_url,
        {labelled("order_type", "o.order_type_code")} AS order_type, o.user_email,
        o.has_gift_box, o.gift_box_note, o.notes, o.installment_count,
        o.installment_interest_amount::text, o.bin_number,
        {moment("o.created_date")} AS created_date, {moment("o.modified_date")} AS modified_date,
        {_address("o.shipping_address_id")} AS shipping_address,
        {_address("o.billing_address_id")} AS billing_address,
        {_company("o.shipping_company_id")} AS shipping_company,
        {labelled("client_type", "o.client_type_code")} AS client_type,
        {_PAYMENT_OPTION} AS payment_option, {_BANK} AS bank, o.extra_field,
        {_ITEMS} AS orderitem_set, {_DISCOUNTS} AS discountitem_set,
        {_LOYALTY} AS loyaltytransaction_set, o.remote_addr, o.language_code,
        {moment("o.delivery_range")} AS delivery_range, o.defined_tracking_url,
        o.shipping_tracking_url, o.shipping_option_slug, o.payment_option_slug,
        o.user_id AS "user", o.basket, o.shipping_option, o.card, o.installment, o.segment,
        o.checkout_provider
""")
"""The document of an order, from the row ``o``."""

_OLD_ITEMS = many("""
    SELECT id AS pk, id, product, sku, quantity, price::text, image, image_url,
        extra_field
    FROM old_order_items WHERE old_order_id = o.id
""")

OLD_ORDER = row_object(f"""
    SELECT o.id AS pk, o.id, o.number, o.user_email, o.status,
        {moment("o.created_date")} AS created_date, o.amount::text, o.discount_amount::text,
        {labelled("currency", "o.currency_code")} AS currency, o.payment_type, o.bank,
        o.installment_count, o.tracking_number,
        {_company("o.shipping_company_id")} AS shipping_company, o.shipping_address,
        o.billing_address, o.extra_field, {_OLD_ITEMS} AS oldorderitem_set, o.user_id AS "user"
""")
"""The document of an old order, from the row ``o``."""

SELLER_ORDER = row_object(f"""
    SELECT o.id, o.number, o.datasource, o.shipping_address, o.billing_address,
        {moment("o.date_placed")} AS date_placed, o.status, o.currency, o.amount::text,
        o.discount_amount::text, o.shipping_amount::text, o.shipping_tax_rate::text,
        o.refund_amount::text, o.discount_refund_amount::text, o.shipping_refund_amount::text,
        o.invoice_number, {moment("o.invoice_date")} AS invoice_date, o.e_archive_url,
        o.tracking_number, o.shipping_company, o.cargo_company, o.has_gift_box,
        o.gift_box_note, o.language_code, o.notes,
        {moment("o.delivery_range")} AS delivery_range, o.shipping_option_slug, o.extra_field,
        o.cancel_status, o.shipping_interest_amount::text,
        {moment("o.created_at")} AS created_at, {moment("o.updated_at")} AS updated_at
""")
"""The document of a seller's order, from the row ``o``."""
