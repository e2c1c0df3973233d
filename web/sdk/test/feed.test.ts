import { expect, it } from "vitest";
import { FakeClock, FakeProof, ID, refusal } from "./fake.js";

const event = (event_id: string) => ({
  event_id, sequence: 1, type: "order.created", merchant_transaction_id: ID,
  occurred_at: "2026-04-01T10:00:00Z", status: "pending", data: {},
});
const page = (next_cursor: string, ...ids: string[]) => ({ body: { data: ids.map(event), next_cursor } });

it("is read page by page", async () => {
  const fake = await FakeProof.start();
  fake.answer = () => page("2", "1", "2");
  expect(await fake.client().events.list({ after: "0", limit: 2 })).toEqual(page("2", "1", "2").body);
  expect(fake.asked[0]?.path).toBe("/widget/events?after=0&limit=2");
});

it("is followed: each event once, over pauses and trouble, until told to stop", async () => {
  const fake = await FakeProof.start();
  const course = [page("2", "1", "2"), page("2"), { status: 502, body: "" }, refusal(503, "unavailable", "overloaded"), page("3", "3"), page("4", "4")];
  fake.answer = (_asked, count) => course[count - 1] ?? page("4");
  const clock = new FakeClock();
  const heard: string[] = [];
  for await (const { event_id } of fake.client({ clock }).events.follow()) {
    heard.push(event_id);
    if (event_id === "4") break;
  }
  expect(heard).toEqual(["1", "2", "3", "4"]);
  expect(fake.asked.map(({ path }) => path)).toEqual([
    "/widget/events?wait=25",
    "/widget/events?after=2&wait=25",
    "/widget/events?after=2&wait=25",
    "/widget/events?after=2&wait=25",
    "/widget/events?after=2&wait=25",
    "/widget/events?after=3&wait=25",
  ]);
  expect(clock.slept).toEqual([5000, 250, 500]);
});

it("goes on after the event that was dealt with last", async () => {
  const fake = await FakeProof.start();
  fake.answer = () => page("9", "9");
  for await (const { event_id } of fake.client().events.follow({ after: "8" })) {
    expect(event_id).toBe("9");
    break;
  }
  expect(fake.asked[0]?.path).toBe("/widget/events?after=8&wait=25");
});

it("ends with the signal's reason, and with a refusal", async () => {
  const fake = await FakeProof.start();
  const stop = new AbortController();
  fake.answer = () => (stop.abort(new Error("enough")), page("0"));
  await expect(fake.client().events.follow({ signal: stop.signal }).next()).rejects.toThrow("enough");
  fake.answer = () => refusal(401, "unauthorised", "invalid_token");
  await expect(fake.client().events.follow().next()).rejects.toMatchObject({ name: "ProofError", kind: "configuration" });
});
