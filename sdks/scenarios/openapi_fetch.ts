// Waybill by openapi-fetch, with the types of openapi-typescript: a shopper, a guest and a seller.

import { ok as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { env } from "node:process";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Order = components["schemas"]["UserOrder"];

const { WAYBILL_URL: baseUrl = "", SELLER_TOKEN: token = "" } = env;
const { SHOPPER_EMAIL: email = "", SHOPPER_PASSWORD: password = "" } = env;
const { GUEST_EMAIL: guestEmail = "", GUEST_NUMBER: guestNumber = "" } = env;
const lastYear = new Date(Date.now() - 365 * 24 * 60 * 60 * 1000);
const anyone = createClient<paths>({ baseUrl });

async function shop() {
  const user = await anyone.POST("/users/login/", { body: { email, password } });
  assert(user.data);
  const Authorization = `Session ${user.data.key}`;
  const client = createClient<paths>({ baseUrl, headers: { Authorization } });

  const page = await client.GET("/users/orders/", { params: { query: { limit: 5 } } });
  assert(page.data?.results.length === 5);
  const recent = await client.GET("/users/orders/", {
    params: { query: { created_date__gte: lastYear.toISOString(), limit: 100 } },
  });
  assert(recent.data);
  const [order, item] = firstCancellable(recent.data.results);
  const detail = await client.GET("/users/orders/{pk}/", { params: { path: { pk: order.pk } } });
  assert(detail.data?.number === order.number);

  const reasons = await client.GET("/users/orders/cancellation_reasons/", {
    params: { query: { cancellation_type: "cancel" } },
  });
  assert(reasons.data?.results[0]);
  const body = draft(item, reasons.data.results[0].pk);
  const params = { header: { "Idempotency-Key": randomUUID() } };
  const created = await client.POST("/users/orders/cancellation_requests/", { params, body });
  assert(created.data);
  const replayed = await client.POST("/users/orders/cancellation_requests/", { params, body });
  assert(replayed.data?.pk === created.data.pk);
  assert(replayed.response.headers.get("Idempotent-Replay") === "true");

  const requests = await client.GET("/users/orders/cancellation_requests/");
  assert(requests.data);
  const pks = requests.data.results.map((request) => request.pk);
  assert(pks.includes(created.data.pk));
  const refused = await client.GET("/users/orders/{pk}/", { params: { path: { pk: 2 ** 40 } } });
  assert(refused.error?.error_code === "not_found");
  await client.POST("/users/logout/");
  const after = await client.GET("/users/orders/");
  assert(after.error?.error_code === "not_authenticated");
}

async function lookUp() {
  const body = { email: guestEmail, order: guestNumber };
  const guestOrder = await anyone.POST("/users/orders/anonymous/", { body });
  assert(guestOrder.data);
  const Authorization = `Session ${guestOrder.data.key}`;
  const client = createClient<paths>({ baseUrl, headers: { Authorization } });

  const [, item] = firstCancellable(guestOrder.data.results);
  const reasons = await client.GET("/users/orders/cancellation_reasons/", {
    params: { query: { cancellation_type: "cancel" } },
  });
  assert(reasons.data?.results[0]);
  const created = await client.POST("/users/orders/anonymous/cancellation_requests/", {
    params: { header: { "Idempotency-Key": randomUUID() } },
    body: draft(item, reasons.data.results[0].pk),
  });
  assert(created.data?.order_item === item);
}

async function sell() {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const client = createClient<paths>({ baseUrl, headers });

  const page = await client.GET("/api/i1/order-items/", {
    params: {
      query: {
        order__number__icontains: "0",
        status: 200,
        created_at__gte: lastYear.toISOString(),
      },
    },
  });
  assert(page.data?.results[0]);
  const rejected = await client.POST("/api/i1/order-items/{orderitem_id}/reject/", {
    params: { path: { orderitem_id: page.data.results[0].id } },
    body: { reason: "Out of stock" },
  });
  assert(rejected.response.status === 204);
}

function draft(item: number, reason: number): components["schemas"]["CancellationDraft"] {
  return { order_item: item, reason, cancellation_type: "cancel", quantity: 1 };
}

function firstCancellable(orders: Order[]): [Order, number] {
  for (const order of orders.filter((order) => !order.is_payable)) {
    const item = order.orderitem_set.find((item) => item.is_cancellable);
    if (item) return [order, item.pk];
  }
  throw new Error("No item can be cancelled.");
}

await shop();
await lookUp();
await sell();
