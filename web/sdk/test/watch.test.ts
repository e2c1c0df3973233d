import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import type { Update, Watch } from "../src/index.js";
import { FakeClock, FakeProof, ID, refusal, TOKEN } from "./fake.js";

const news = (sequence: number, status: string, more: object = {}) => ({
  event: "tx.update",
  merchant_transaction_id: ID,
  type: "buy",
  status,
  currency: "USDT",
  fiat_currency: "EUR",
  fiat_amount: "",
  crypto_amount: "100",
  occurred_at: "2026-04-01T10:00:00Z",
  sequence,
  ...more,
});

const send = (socket: WebSocket, ...messages: object[]) => messages.forEach((message) => socket.send(JSON.stringify(message)));

/** What the server says when asked for the order. */
const transaction = (sequence: number, status: string) => ({
  headers: { etag: `"${sequence}"` },
  body: { merchant_transaction_id: ID, partner_user_id: "u", type: "buy", status, currency: "USDT", network: "TRC20", crypto_amount: "100",
    fiat_currency: "EUR", fiat_amount: "", created_at: "2026-04-01T10:00:00Z", updated_at: "2026-04-01T10:00:07Z", sequence },
});

async function all(watch: Watch): Promise<string[]> {
  const heard = [];
  for await (const { channel, sequence, status } of watch) heard.push(`${channel} ${sequence} ${status}`);
  return heard;
}

describe("over the WebSocket", () => {
  it("hears each change, and closes first after the last", async () => {
    const fake = await FakeProof.start();
    let closed: Promise<unknown[]> | undefined;
    fake.onSocket = (socket) => {
      closed = once(socket, "close");
      send(socket, news(1, "pending"), news(4, "processing"), news(5, "completed", { payment_method: "card", event_id: "e5" }));
    };
    const seen: Update[] = [];
    const handed: Update[] = [];
    for await (const update of fake.client().watch(ID, { onUpdate: (heard) => seen.push(heard) })) {
      handed.push(update);
      // The server never closes here: it is told to, before the reader knows that this was the end.
      if (update.status === "completed") expect((await closed)?.[0]).toBe(1000);
    }
    expect(seen.map(({ status }) => status)).toEqual(["pending", "processing", "completed"]);
    expect(handed).toEqual(seen);
    const { event: _event, ...sent } = news(5, "completed", { payment_method: "card", event_id: "e5" });
    expect(handed.at(-1)).toEqual({ ...sent, channel: "websocket" });
    expect(fake.sockets.map(({ path, headers }) => [path, headers.authorization])).toEqual([[`/ws?tx_id=${ID}`, `Bearer ${TOKEN}`]]);
    expect(fake.asked).toEqual([]);
  });

  it("goes on where it was when the server restarts, drops, or finds it too slow", async () => {
    const fake = await FakeProof.start();
    const course = [
      (socket: WebSocket) => (send(socket, news(1, "pending")), socket.close(1012)),
      (socket: WebSocket) => (send(socket, news(2, "pending")), setImmediate(() => socket.terminate())),
      (socket: WebSocket) => (send(socket, news(3, "processing")), socket.close(1008)),
      (socket: WebSocket) => send(socket, news(4, "failed")),
    ];
    fake.onSocket = (socket, _asked, count) => course[count - 1]?.(socket);
    const clock = new FakeClock();
    expect(await all(fake.client({ clock }).watch(ID))).toEqual(["websocket 1 pending", "websocket 2 pending", "websocket 3 processing", "websocket 4 failed"]);
    expect(fake.sockets.map(({ path }) => path.split("&")[1])).toEqual([undefined, "after=1", "after=2", "after=3"]);
    // Something new was heard each time: the pauses do not grow.
    expect(clock.slept).toEqual([250, 250, 250]);
  });

  it("hands the same news out once, and nothing that is older", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket, _asked, count) => {
      send(socket, news(1, "pending"), news(1, "pending"));
      if (count === 1) return socket.close(1012);
      send(socket, news(3, "processing"), news(2, "pending"), news(3, "processing"), news(4, "completed"));
    };
    expect(await all(fake.client().watch(ID))).toEqual(["websocket 1 pending", "websocket 3 processing", "websocket 4 completed"]);
  });

  it("works with a server that counts nothing", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket, _asked, count) => {
      send(socket, news(1, "pending", { sequence: undefined }));
      if (count === 1) return socket.close(1012);
      send(socket, news(2, "cancelled", { sequence: undefined }));
    };
    expect(await all(fake.client().watch(ID))).toEqual(["websocket undefined pending", "websocket undefined cancelled"]);
  });

  it("passes over messages and statuses of a later version", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket) => {
      socket.send("not JSON");
      send(socket, { event: "tx.note", status: "completed" }, [1] as object, news(1, "on_hold"), news(2, "completed"));
    };
    expect(await all(fake.client().watch(ID))).toEqual(["websocket 1 on_hold", "websocket 2 completed"]);
  });

  it("leaves a socket that is silent for too long", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket, _asked, count) => send(socket, count === 1 ? news(1, "pending") : news(2, "completed"));
    const clock = new FakeClock();
    const heard: string[] = [];
    for await (const { status } of fake.client({ clock }).watch(ID)) {
      heard.push(status);
      if (status === "pending") {
        expect(clock.sleepers).toBe(1);
        clock.advance(90_000);
      }
    }
    expect(heard).toEqual(["pending", "completed"]);
    expect(fake.sockets).toHaveLength(2);
    expect(clock.sleepers).toBe(0);
  });

  it("lets go when the reader leaves, and when the signal says so", async () => {
    const fake = await FakeProof.start();
    const open: WebSocket[] = [];
    fake.onSocket = (socket) => {
      open.push(socket);
      send(socket, news(1, "pending"));
    };
    for await (const _update of fake.client().watch(ID)) break;
    const stop = new AbortController();
    const onUpdate = () => stop.abort(new Error("enough"));
    await expect(fake.client().watch(ID, { signal: stop.signal, onUpdate }).end()).rejects.toThrow("enough");
    for (const socket of open) if (socket.readyState !== socket.CLOSED) await once(socket, "close");
    expect(open).toHaveLength(2);
    expect(fake.asked).toEqual([]);
  });
});

describe("where there is no WebSocket", () => {
  it("polls, and ends by itself", async () => {
    const fake = await FakeProof.start();
    const course = [transaction(1, "pending"), { status: 304 }, { status: 304 }, transaction(4, "processing"), transaction(5, "completed")];
    fake.answer = (_asked, count) => course[count - 1] ?? { status: 500 };
    const clock = new FakeClock();
    expect(await all(fake.client({ clock }).watch(ID))).toEqual(["polling 1 pending", "polling 4 processing", "polling 5 completed"]);
    expect(fake.sockets).toHaveLength(3);
    expect(fake.asked.map(({ path, headers }) => [path, headers["if-none-match"]])).toEqual([
      [`/widget/transactions/${ID}`, undefined],
      [`/widget/transactions/${ID}?wait=25`, '"1"'],
      [`/widget/transactions/${ID}?wait=25`, '"1"'],
      [`/widget/transactions/${ID}?wait=25`, '"1"'],
      [`/widget/transactions/${ID}?wait=25`, '"4"'],
    ]);
    // Two pauses between three sockets; a server that answers at once is asked every five seconds.
    expect(clock.slept).toEqual([250, 500, 5000, 5000]);
  });

  it("says when it was", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => transaction(5, "completed");
    expect(await fake.client().watch(ID).end()).toMatchObject({ occurred_at: "2026-04-01T10:00:07Z", crypto_amount: "100", channel: "polling" });
  });

  it("takes over in the middle, without saying anything twice", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket) => {
      send(socket, news(3, "processing"));
      fake.onSocket = undefined;
      socket.terminate();
    };
    const course = [transaction(3, "processing"), transaction(4, "completed")];
    fake.answer = (_asked, count) => course[count - 1] ?? { status: 500 };
    expect(await all(fake.client().watch(ID))).toEqual(["websocket 3 processing", "polling 4 completed"]);
  });

  it("gives up on sockets that open and say nothing", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = (socket) => socket.close(1012);
    fake.answer = () => transaction(1, "completed");
    expect(await all(fake.client().watch(ID))).toEqual(["polling 1 completed"]);
    expect(fake.sockets).toHaveLength(3);
  });

  it("tries a socket again after a minute", async () => {
    const fake = await FakeProof.start();
    fake.answer = (_asked, count) => {
      if (count === 12) fake.onSocket = (socket) => send(socket, news(2, "completed"));
      return count === 1 ? transaction(1, "pending") : { status: 304 };
    };
    expect(await all(fake.client().watch(ID))).toEqual(["polling 1 pending", "websocket 2 completed"]);
    expect(fake.sockets).toHaveLength(4);
  });

  it("polls through trouble that passes", async () => {
    const fake = await FakeProof.start();
    const busy = { ...refusal(503, "unavailable", "overloaded"), headers: { "retry-after": "9" } };
    const course = [{ hangUp: true }, { status: 502, body: "<h1>Bad Gateway</h1>" }, busy, transaction(1, "pending"), transaction(2, "completed")];
    fake.answer = (_asked, count) => course[count - 1] ?? { status: 500 };
    const clock = new FakeClock();
    expect(await all(fake.client({ clock }).watch(ID))).toEqual(["polling 1 pending", "polling 2 completed"]);
    expect(clock.slept).toEqual([250, 500, 250, 500, 9000]);
  });
});

describe("refused", () => {
  it.each([
    [401, "invalid_token", "configuration"],
    [403, "forbidden_origin", "configuration"],
    [404, "not_found", "not_found"],
  ])("%i by the socket: says so, and asks nothing else", async (status, code, kind) => {
    const fake = await FakeProof.start();
    fake.refuse = refusal(status, "refused", code);
    const end = fake.client().watch(ID).end();
    await expect(end).rejects.toMatchObject({ name: "ProofError", status, code, kind, requestId: "req-7" });
    expect([fake.sockets.length, fake.asked.length]).toEqual([1, 0]);
  });

  it.each([
    [401, "invalid_token"],
    [403, "forbidden_origin"],
    [404, "not_found"],
  ])("%i while polling: says so", async (status, code) => {
    const fake = await FakeProof.start();
    fake.answer = () => refusal(status, "refused", code);
    await expect(fake.client().watch(ID).end()).rejects.toMatchObject({ name: "ProofError", status, code });
    expect(fake.asked).toHaveLength(1);
  });

  it("for a while only: tries again, after as long as the server says", async () => {
    const fake = await FakeProof.start();
    fake.refuse = { ...refusal(503, "unavailable", "overloaded"), headers: { "retry-after": "9" } };
    const clock = new FakeClock();
    const sleep = clock.sleep.bind(clock);
    vi.spyOn(clock, "sleep").mockImplementation((ms, signal) => {
      if (ms === 9000) fake.onSocket = (socket) => send(socket, news(1, "completed"));
      return sleep(ms, signal);
    });
    expect(await all(fake.client({ clock }).watch(ID))).toEqual(["websocket 1 completed"]);
    expect([fake.sockets.length, fake.asked.length, clock.slept]).toEqual([2, 0, [9000]]);
  });
});
