import { describe, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import type { Bridge } from "../src/bridge";
import { eventsBetween, transferEnabled } from "../src/events";
import { cardName, countdown, duration, isZero, negated } from "../src/format";
import { messages } from "../src/messages";
import { depositCode, hasDeposit, isLost, isPart, isReturning, priceHold, toSend } from "../src/sale";
import { mayCancel, screenOf } from "../src/screen";
import { Session } from "../src/session";
import { timelineRows } from "../src/timeline";
import { isSettled, type Case, type Step, type View } from "../src/view";
import { ADDRESS, caseOf, depositOf, sample, sellAt } from "./sample";

const fresh = { checked: true, introSeen: false, choosing: false, isOther: false };
const at = "2026-04-01T10:00:00Z";
const entries = (...codes: string[]) => codes.map((code) => ({ code, at }));

describe("the screens of a sell", () => {
  it.each<[Step, string]>([
    ["terms", "terms"], ["quote", "terms"], ["deposit", "deposit"], ["confirming", "confirming"], ["choice", "choice"],
    ["progress", "progress"], ["completed", "completed"], ["failed", "failed"],
  ])("%s shows %s", (step, name) => {
    expect(screenOf(sellAt(step), fresh).name).toBe(name);
  });

  it("may be cancelled until something is seen at the address", () => {
    expect(mayCancel(sellAt("terms", { deposit_address: null }))).toBe(true);
    expect(mayCancel(sellAt("deposit"))).toBe(true);
    expect(mayCancel(sellAt("deposit", { received: "60.00", missing: "40.00" }))).toBe(false);
    expect(mayCancel(sellAt("deposit", { deposits: [depositOf()] }))).toBe(false);
    expect(mayCancel(sellAt("review", { deposits: [depositOf({ final: true })] }))).toBe(false);
    expect((["confirming", "choice", "progress"] as Step[]).some((step) => mayCancel(sellAt(step)))).toBe(false);
  });

  it("do not speak of buying", () => {
    const view = sellAt("terms");
    const said = [messages.heading(view), messages.intro.text(view), messages.intro.email(view), messages.cancel.sure(view), messages.payUntil("1:00", view), messages.retry.text(view, "face_mismatch"), messages.review.text(view)];
    for (const text of said) expect(text).not.toMatch(/\bbuy|\bpay\b|charged/i);
    for (const code of ["quote_expired", "provider_error", "never_heard_of"]) expect(messages.error(code, "sell")).toMatch(/No money has moved/);
    expect(messages.error("never_heard_of", "buy")).toMatch(/Nothing was charged/);
  });
});

describe("a deposit in parts", () => {
  const part = sellAt("deposit", { received: "60.00", missing: "40.00" });
  it("asks for the rest only", () => {
    expect([isPart(part), hasDeposit(part), toSend(part)]).toEqual([true, true, "40.00"]);
    expect(messages.sell.deposit.part(part)).toBe("60.00 of 100.00\u00a0USDT received, 40.00\u00a0missing.");
  });
  it("is none while nothing has come", () => {
    const none = sellAt("deposit");
    expect([isPart(none), hasDeposit(none), toSend(none)]).toEqual([false, false, "100.00"]);
  });
});

describe("the code for wallets", () => {
  it("is the bare address", () => {
    expect(depositCode(sellAt("deposit"))).toBe(ADDRESS);
  });
  const bitcoin = (more: object) => sellAt("deposit", { deposit_address: "bc1qxyz", ...more }, { network: "BITCOIN", currency: "BTC" });
  it("is what opens a wallet, for Bitcoin and nothing else", () => {
    const link = "bitcoin:bc1qxyz?amount=0.005";
    expect(depositCode(bitcoin({ deposit_link: link }))).toBe(link);
    expect(messages.sell.deposit.codeText(bitcoin({ deposit_link: link }))).toContain("address and amount");
    expect(depositCode(sellAt("deposit", { deposit_link: "ethereum:0x1" }, { network: "ERC20" }))).toBe(ADDRESS);
  });
  it("is the bare address of a chain for tests, whose coins no wallet has", () => {
    expect(depositCode(bitcoin({}))).toBe("bc1qxyz");
    expect(messages.sell.deposit.codeText(bitcoin({}))).not.toContain("address and amount");
  });
});

describe("the price", () => {
  const timeline = entries("deposit.awaited");
  it("holds all the time, or until a time that can be named", () => {
    expect(priceHold(sellAt("deposit", { price_held: "21600" }, { timeline }))).toBe("whole");
    expect(priceHold(sellAt("deposit", { price_held: "1800" }, { timeline }))).toEqual({ until: "2026-04-01T10:30:00.000Z" });
  });
  it("is not promised from nonsense", () => {
    const views = [sellAt("deposit", { price_held: "" }, { timeline }), sellAt("deposit", { price_held: "0" })];
    for (const view of views) {
      expect(priceHold(view)).toBeUndefined();
      for (const text of [messages.sell.terms.held(view), messages.sell.deposit.price(view)]) expect(text).not.toMatch(/NaN|stays/);
    }
  });
});

describe("the progress line of a sell", () => {
  const begun = ["order.created", "identity.verified", "deposit.awaited", "deposit.seen"];
  const line = (view: Parameters<typeof timelineRows>[0]) => timelineRows(view).map((row) => `${row.code} ${row.state}`);

  it("waits for the network, also where an earlier part is confirmed", () => {
    const rows = line(sellAt("confirming", {}, { timeline: entries(...begun, "deposit.confirmed", "deposit.seen") }));
    expect(rows.slice(2)).toEqual(["deposit.awaited done", "deposit.seen done", "deposit.confirmed now", "payout.sent ahead", "order.completed ahead"]);
  });

  it("goes on to the payout", () => {
    const rows = line(sellAt("progress", {}, { timeline: entries(...begun, "deposit.confirmed", "price.moved") }));
    expect(rows.slice(4)).toEqual(["deposit.confirmed done", "price.moved done", "payout.sent now", "order.completed ahead"]);
  });

  it("turns round with the order, and does not speak of a payout then", () => {
    const view = sellAt("progress", { returning: { reason: "payout_refused", amount: "100.00" } }, { timeline: entries(...begun, "deposit.confirmed", "payout.sent", "return.started") });
    expect(isReturning(view)).toBe(true);
    expect(line(view).slice(4)).toEqual(["deposit.confirmed done", "return.started done", "transfer.broadcast now", "transfer.confirmed ahead"]);
  });

  it("says that a deposit was lost, until it is found", () => {
    const lost = sellAt("progress", {}, { timeline: entries(...begun, "deposit.confirmed", "deposit.lost") });
    expect([isLost(lost), line(lost).at(-1)]).toEqual([true, "deposit.found now"]);
    const found = sellAt("progress", {}, { timeline: entries(...begun, "deposit.confirmed", "deposit.lost", "deposit.confirmed") });
    expect([isLost(found), line(found).at(-1)]).toEqual([false, "order.completed ahead"]);
  });

  it("has words for every fact that it shows", () => {
    for (const code of ["deposit.awaited", "deposit.seen", "deposit.confirmed", "deposit.lost", "price.moved", "payout.sent", "return.started", "transfer.broadcast", "transfer.confirmed"]) {
      expect(messages.timeline.done(code, sellAt("progress"))).not.toBe(code);
    }
  });
});

describe("the endings of a sell", () => {
  const failed = (code: string, money_moved = false) => messages.sell.failure(sellAt("failed", {}, { failure: { code, money_moved } }));
  it.each(["deposit_timeout", "deposit_lost", "returned", "identity_refused", "risk_refused", "screening", "something_new"])("%s says what happened to the money", (code) => {
    expect(failed(code).money).toMatch(/Nothing was taken|No money was paid out/);
  });
  it("tells where a late deposit goes", () => {
    expect(failed("deposit_timeout").next).toMatch(/returned to your refund address \(TQn9Y2…\u2060?KcbLSE\)/);
  });
  it("sends whoever's crypto had arrived to the shop", () => {
    expect(failed("something_new", true).next).toContain("Demo Shop");
  });
});

describe("the page's callbacks", () => {
  const heard = () => {
    const event = vi.fn();
    return { event, session: new Session({} as Api, { event } as unknown as Bridge) };
  };

  it("onSellTransferEnabled carries the contract's fields", () => {
    expect(transferEnabled(sellAt("deposit"))).toEqual({
      name: "onSellTransferEnabled",
      payload: { amount: "100.00", currency: "USDT", network: "TRC20", address: ADDRESS, id: sample().merchant_transaction_id, flow_id: "payout" },
    });
  });

  it("onSellTransferEnabled comes once, however often the screen comes", () => {
    const { event, session } = heard();
    session.state = { ...session.state, view: sellAt("deposit") };
    session.depositShown();
    session.state = { ...session.state, view: sellAt("deposit", { received: "60.00", missing: "40.00" }) };
    session.depositShown();
    expect(event).toHaveBeenCalledTimes(1);
  });

  it("onSellTransferEnabled never comes for a buy, or without an address", () => {
    expect(transferEnabled(sample())).toBeUndefined();
    expect(transferEnabled(sellAt("terms", { deposit_address: null }))).toBeUndefined();
    expect(transferEnabled(sellAt("completed"))).toBeUndefined();
  });

  it("onPaymentFinished never comes", () => {
    for (const step of ["progress", "completed", "failed"] as Step[]) {
      const view = sellAt(step, {}, { widget_status: "paid", failure: { code: "returned", money_moved: true } });
      expect(eventsBetween(undefined, view).map(({ name }) => name)).toEqual(["onStatusChange"]);
    }
  });
});

describe("how it is written", () => {
  it("takes fees off and leaves nothing as it is", () => {
    expect([negated("0.53"), negated("-0.01"), negated("0.00")]).toEqual(["-0.53", "0.01", "0.00"]);
    expect([isZero("0"), isZero("0.000000"), isZero("0.01")]).toEqual([true, true, false]);
  });
  it("writes hours, and lengths in words", () => {
    expect([countdown(21599), countdown(3600), countdown(3599)]).toEqual(["5:59:59", "1:00:00", "59:59"]);
    expect([duration(1800), duration(21600), duration(5400), duration(60)]).toEqual(["30 minutes", "6 hours", "1 hour 30 minutes", "1 minute"]);
  });
  it("names a card in one piece", () => {
    expect(cardName({ brand: "visa", last4: "4242" })).toBe("Visa\u00a0••••\u00a04242");
  });
});

describe("what came outside of the order", () => {
  const one = caseOf({ network: "BEP20" });

  it.each(["overpaid", "late", "wrong_token", "wrong_network", "second_deposit"] as const)("%s is told in words", (kind) => {
    const said = messages.sell.cases.came({ ...one, kind, state: "waiting" }, sellAt("deposit"));
    expect(said).toMatch(/^30\.00.USDT .* came|^30\.00.USDT came/);
    expect(said).not.toContain("_");
  });

  it.each(["waiting", "choose", "returned", "sold", "kept", "vanished", "apart"] as const)("%s says where it is", (state) => {
    expect(messages.sell.cases.state({ ...one, kind: "late", state }).length).toBeGreaterThan(20);
  });

  it("does not promise a return before it is known whether there is a choice", () => {
    expect(messages.sell.cases.state({ ...one, kind: "late", state: "waiting", final: false })).not.toMatch(/send it back/);
    expect(messages.sell.cases.state({ ...one, kind: "late", state: "waiting", final: true })).toMatch(/send it back/);
  });
});

describe("what came late", () => {
  const choose = sellAt("failed", { cases: [caseOf({ kind: "overpaid", state: "returned" }), caseOf({ id: "cas_2", state: "choose" })] });

  it("has the screen while it waits for a choice, and the order is followed until it is over", () => {
    expect(screenOf(choose, fresh)).toMatchObject({ name: "late", one: { id: "cas_2" } });
    expect(screenOf(sellAt("failed", { cases: [caseOf({ state: "sold" })] }), fresh).name).toBe("failed");
    const settled = (state: Case["state"]) => isSettled(sellAt("failed", { cases: [caseOf({ state })] }));
    expect((["waiting", "choose"] as const).map(settled)).toEqual([false, false]);
    expect((["returned", "sold", "kept", "vanished", "apart"] as const).every(settled)).toBe(true);
    expect(isSettled(sellAt("progress"))).toBe(false);
  });

  it("becomes an order whose line begins with the deposit that was there", () => {
    const view = sellAt("progress", {}, { timeline: entries("order.created", "quote.locked", "deposit.confirmed") });
    expect(timelineRows(view).map(({ code, state }) => `${code} ${state}`)).toEqual([
      "order.created done", "deposit.confirmed done", "payout.sent now", "order.completed ahead",
    ]);
  });

  it("is not covered by an answer about the order before", async () => {
    const [before, sold] = [sellAt("progress"), sellAt("completed", {}, { merchant_transaction_id: "another", version: 1 })];
    const api = { visitToken: "vt_1", order: async () => before };
    const session = new Session(api as unknown as Api, { event: vi.fn() } as unknown as Bridge);
    // The answer that is waited for when the new order opens comes after it.
    let answer: (view: View) => void = () => undefined;
    api.order = () => new Promise((resolve) => { answer = resolve; });
    await session.command(async () => before);
    await session.command(async () => {
      api.visitToken = "vt_2";
      return sold;
    });
    answer({ ...before, version: 9 });
    await Promise.resolve();
    expect(session.state.view).toBe(sold);
  });

  it("is told to the shop's page by its own order only", async () => {
    const event = vi.fn();
    const views = [sellAt("failed", { cases: [caseOf({ state: "sold" })] }), sellAt("completed", {}, { merchant_transaction_id: "another", widget_status: "completed", version: 1 })];
    const session = new Session({} as Api, { event } as unknown as Bridge);
    for (const view of views) await session.command(async () => view);
    expect(session.state.view?.merchant_transaction_id).toBe("another");
    expect(event.mock.calls.map(([name]) => name)).toEqual(["onStatusChange"]);
  });
});
