// Waybill by the client that @hey-api/openapi-ts generates: a shopper, a guest and a seller.

import { ok as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { env } from "node:process";
import {
  type CancellationDraft,
  createAnonymousCancellationRequest,
  createCancellationRequest,
  getUserOrder,
  listCancellationReasons,
  listCancellationRequests,
  listSellerOrderItems,
  listUserOrders,
  logIn,
  logOut,
  lookUpAnonymousOrder,
  rejectSellerOrderItem,
  type UserOrder,
} from "./client";
import { createClient } from "./client/client";

const { WAYBILL_URL: baseUrl = "", SELLER_TOKEN: token = "" } = env;
const { SHOPPER_EMAIL: email = "", SHOPPER_PASSWORD: password = "" } = env;
const { GUEST_EMAIL: guestEmail = "", GUEST_NUMBER: guestNumber = "" } = env;
const lastYear = new Date(Date.now() - 365 * 24 * 60 * 60 * 1000);
const anyone = createClient({ baseUrl });

async function shop() {
  const user = await logIn({ client: anyone, body: { email, password } });
  assert(user.data);
  const Authorization = `Session ${user.data.key}`;
  const client = createClient({ baseUrl, headers: { Authorization } });

  const page = await listUserOrders({ client, query: { limit: 5 } });
  assert(page.data?.results.length === 5);
  const recent = await listUserOrders({
    client,
    query: { created_date__gte: lastYear.toISOString(), limit: 100 },
  });
  assert(recent.data);
  const [order, item] = firstCancellable(recent.data.results);
  const detail = await getUserOrder({ client, path: { pk: order.pk } });
  assert(detail.data?.number === order.number);

  const reasons = await listCancellationReasons({ client, query: { cancellation_type: "cancel" } });
  assert(reasons.data?.results[0]);
  const body = draft(item, reasons.data.results[0].pk);
  const headers = { "Idempotency-Key": randomUUID() };
  const created = await createCancellationRequest({ client, body, headers });
  assert(created.data);
  const replayed = await createCancellationRequest({ client, body, headers });
  assert(replayed.data?.pk === created.data.pk);
  assert(replayed.response?.headers.get("Idempotent-Replay") === "true");

  const requests = await listCancellationRequests({ client });
  assert(requests.data);
  const pks = requests.data.results.map((request) => request.pk);
  assert(pks.includes(created.data.pk));
  const refused = await getUserOrder({ client, path: { pk: 2 ** 40 } });
  assert(refused.error?.error_code === "not_found");
  await logOut({ client });
  const after = await listUserOrders({ client });
  assert(after.error?.error_code === "not_authenticated");
}

async function lookUp() {
  const body = { email: guestEmail, order: guestNumber };
  const guestOrder = await lookUpAnonymousOrder({ client: anyone, body });
  assert(guestOrder.data);
  const Authorization = `Session ${guestOrder.data.key}`;
  const client = createClient({ baseUrl, headers: { Authorization } });

  const [, item] = firstCancellable(guestOrder.data.results);
  const reasons = await listCancellationReasons({ client, query: { cancellation_type: "cancel" } });
  assert(reasons.data?.results[0]);
  const created = await createAnonymousCancellationRequest({
    client,
    body: draft(item, reasons.data.results[0].pk),
    headers: { "Idempotency-Key": randomUUID() },
  });
  assert(created.data?.order_item === item);
}

async function sell() {
  const client = createClient({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  // A default header would not do: without a body, the client drops this one.
  client.interceptors.request.use((r) => (r.headers.set("Content-Type", "application/json"), r));

  const page = await listSellerOrderItems({
    client,
    query: { order__number__icontains: "0", status: 200, created_at__gte: lastYear.toISOString() },
  });
  assert(page.data?.results[0]);
  const rejected = await rejectSellerOrderItem({
    client,
    path: { orderitem_id: page.data.results[0].id },
    body: { reason: "Out of stock" },
  });
  assert(rejected.response?.status === 204);
}

function draft(item: number, reason: number): CancellationDraft {
  return { order_item: item, reason, cancellation_type: "cancel", quantity: 1 };
}

function firstCancellable(orders: UserOrder[]): [UserOrder, number] {
  for (const order of orders.filter((order) => !order.is_payable)) {
    const item = order.orderitem_set.find((item) => item.is_cancellable);
    if (item) return [order, item.pk];
  }
  throw new Error("No item can be cancelled.");
}

await shop();
await lookUp();
await sell();
