import { describe, expect, it } from "vitest";
import { refusal, RefusedError, fieldOf } from "../src/core/api";
import { cutWords, failuresAnswer, funnelAnswer, hoursAnswer, volumeAnswer } from "../src/overview";
import { paceAnswer, took } from "../src/pace";
import { confirmWords, eventNote, eventTitle, proposedTitle } from "../src/words";

describe("the sentence above a chart", () => {
  it("names where most are lost", () => {
    const funnel = [{ step: "session", count: 40 }, { step: "identity", count: 28 }, { step: "completed", count: 24 }];
    expect(funnelAnswer(funnel)).toBe("60\u00a0% of 40 orders completed; most stop between “session made” and “identity verified”: 12.");
    expect(funnelAnswer([{ step: "session", count: 2 }, { step: "completed", count: 2 }])).toBe("100\u00a0% of 2 orders completed; none was lost on the way.");
    expect(funnelAnswer([])).toBe("Nobody has begun an order in this time.");
  });

  it("names the busiest hour", () => {
    const hourly = [{ at: "2026-04-01T09:00:00Z", created: 1, completed: 1, failed: 0 }, { at: "2026-04-01T10:00:00Z", created: 3, completed: 1, failed: 1 }];
    const overview = { hours: 2, hourly, statuses: [], funnel: [], failures: [], waiting: { orders: 0, cases: 0, findings: 0, webhooks_failing: 0, alerts: 0 } };
    expect(hoursAnswer(overview)).toBe("4 orders in the last 2 hours, 2 completed and 1 failed; the busiest hour began at 10:00.");
    expect(hoursAnswer({ ...overview, hourly: [] })).toBe("No orders in the last 2 hours.");
  });

  it("names the most frequent reason", () => {
    expect(
      failuresAnswer([
        { reason: "payment_refused", count: 5 },
        { reason: "screening", count: 4 },
      ]),
    ).toBe("Payment refused is behind 5 of 9 failed orders.");
    expect(failuresAnswer([])).toBe("No order failed.");
  });
});

describe("the sentence above money", () => {
  const moved = (orders: number, amount: string) => ({ orders, amount });
  it("says each side, and no digit is lost", () => {
    const volume = { currency: "EUR", buys: moved(2, "90071992547409.93"), sells: moved(1, "0.01"), total: moved(3, "90071992547409.94"), daily: [] };
    expect(volumeAnswer(volume)).toBe(
      "90,071,992,547,409.94\u00a0EUR in 3 orders in 0 days: 2 buys with 90,071,992,547,409.93\u00a0EUR, 1 sell with 0.01\u00a0EUR.",
    );
    expect(volumeAnswer({ ...volume, sells: moved(0, "0.00") })).toMatch(/, all of them buys\.$/);
  });

  it("says what is left out", () => {
    const volume = { days: 14, from: "2026-04-12", whole: false, fiats: [] };
    expect(cutWords(volume)).toContain("days before 12 Apr are left out");
    expect(cutWords({ ...volume, from: null })).toContain("today");
    expect(cutWords({ ...volume, whole: true })).toBeUndefined();
  });
});

describe("the sentence above a webhook’s pace", () => {
  const pace = { days: 14, events_per_day_max: 1000, daily: [], events: 4, accepted: 3, median_ms: 999, p95_ms: 2149, retried: 1, gave_up: 0 };
  it("says how long most took, and what went wrong", () => {
    expect(paceAnswer(pace)).toBe(
      "Of 4 events in the last 14 days, half were accepted within 999\u00a0ms, 95 of 100 within 2.1\u00a0s; 1 had to be tried again, and none was given up.",
    );
    expect(paceAnswer({ ...pace, accepted: 0, median_ms: null, p95_ms: null, gave_up: 4 })).toBe(
      "None of 4 events in the last 14 days was accepted; 1 had to be tried again, and 4 were given up.",
    );
    expect(paceAnswer({ ...pace, events: 0 })).toBe("No event was sent in the last 14 days.");
    expect([took(null), took(59_949), took(61_000)]).toEqual(["–", "59.9\u00a0s", "1\u00a0min 1\u00a0s"]);
  });
});

describe("events in words", () => {
  const order = { currency: "USDT", fiat_currency: "EUR" };
  it("says what is in the body", () => {
    expect(eventTitle("payment.captured")).toBe("Payment captured");
    expect(eventTitle("something.new")).toBe("Something new");
    expect(eventNote({ total: "101.40" }, order)).toBe("101.40\u00a0EUR");
    expect(eventNote({ attempt: 2, code: "insufficient_funds" }, order)).toBe("attempt 2 · insufficient funds");
    expect(eventNote({ by: "alice", reason: "Papers are fine." }, order)).toBe("Papers are fine. · by alice");
    expect(eventNote(null, order)).toBe("");
    expect(eventNote({ amount: { odd: 1 } }, order)).toBe("");
  });
});

describe("refusals", () => {
  it("are read whoever wrote them", () => {
    expect(refusal("<html>", 502)).toMatchObject({ code: "unreadable", message: "The server answered 502 and did not say why." });
    expect(refusal({ error: "x", message: "No.", field: "name" }, 422)).toMatchObject({ code: "x", field: "name" });
  });

  it("find the nearest field of the form", () => {
    const about = (field: string) => new RefusedError(422, refusal({ error: "invalid", message: "No.", field }, 422));
    expect(fieldOf(about("wallets.0.address"), ["name", "wallets"])).toBe("wallets");
    expect(fieldOf(about("wallets[0]"), ["wallets"])).toBe("wallets");
    expect(fieldOf(about("other"), ["wallets"])).toBeUndefined();
    expect(fieldOf(new Error("x"), ["wallets"])).toBeUndefined();
  });
});

describe("two people", () => {
  it("says whose word is missing", () => {
    const proposed = "refund by alice: not theirs";
    expect(confirmWords("refund", null, "bob")).toMatch(/^A second operator/);
    expect(confirmWords("approve", proposed, "bob")).toMatch(/^A second operator/);
    expect(confirmWords("refund", proposed, "bob")).toMatch(/done at once/);
    expect(confirmWords("refund", proposed, "alice")).toMatch(/counts once/);
    expect(confirmWords("refund", proposed, "ali")).toMatch(/done at once/);
    expect(proposedTitle(proposed, "alice")).toBe("You have proposed it");
  });
});
