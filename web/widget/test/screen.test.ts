import { describe, expect, it } from "vitest";
import { mayCancel, screenKey, screenOf, type Local } from "../src/screen";
import { isNewer, isTerminal, type Identity, type Side, type Step } from "../src/view";
import { sample } from "./sample";

const fresh: Local = { checked: true, introSeen: false, choosing: false, isOther: false };
const identity = (change: Partial<Identity>): Identity => ({
  status: "collecting", asks: "document", former_email: null, document: null, sides: null, received: null, steps: null, frames_per_step: null, reason: null, may_retry: null,
  kept: null, keeps: null, consent: { text: "2026-11-26", kept_days: 90, given: true }, handover: null, ...change,
});

describe("identity", () => {
  it("comes after a look at the order and its price, whoever it is, unless it has begun", () => {
    const first: Local = { ...fresh, checked: false };
    for (const asks of ["document", "selfie", "email"] as const) {
      const view = sample({ identity: identity({ asks, status: "not_started", consent: { text: "2026-11-26", kept_days: 90, given: false } }) });
      expect(screenOf(view, first)).toEqual({ name: "check" });
    }
    expect(screenOf(sample(), first)).toEqual({ name: "check" });
    expect(screenOf(sample(), { ...first, isOther: true })).toEqual({ name: "identity_intro" });
    const begun = sample({ identity: identity({ document: "passport", sides: ["front"], received: [] }) });
    expect(screenOf(begun, first)).toMatchObject({ name: "document_side" });
  });

  it("begins with what is needed, then asks for the document", () => {
    expect(screenOf(sample(), fresh)).toEqual({ name: "identity_intro" });
    expect(screenOf(sample(), { checked: true, introSeen: true, choosing: false, isOther: false })).toEqual({ name: "document_choice", present: null });
  });

  it("begins anew for whoever has agreed in another order", () => {
    const view = sample({ identity: identity({ document: "passport", reason: "face_mismatch", consent: { text: "2026-11-26", kept_days: 90, given: false } }) });
    expect(screenOf(view, fresh)).toEqual({ name: "identity_intro" });
  });

  it("sends the document alone where the selfie stays", () => {
    const view = sample({ identity: identity({ document: "passport", sides: ["front"], received: ["front"], kept: "selfie" }) });
    expect(screenOf(view, fresh)).toEqual({ name: "identity_send" });
  });

  it("shows the way to another device, which itself goes on with the check", () => {
    const handover = { state: "waiting", until: "2026-04-01T10:10:00Z" } as const;
    const view = sample({ identity: identity({ document: "passport", sides: ["front"], received: [], handover }) });
    expect(screenOf(view, { ...fresh, choosing: true })).toEqual({ name: "handover", handover });
    expect(screenOf(view, { ...fresh, isOther: true })).toMatchObject({ name: "document_side" });
    expect(screenOf(sample({ step: "pay" }), { ...fresh, isOther: true })).toEqual({ name: "handed_back" });
    expect(screenOf(sample({ step: "identity_checking" }), { ...fresh, isOther: true })).toEqual({ name: "identity_checking" });
  });

  it("asks for each side that has not arrived, then for the selfie", () => {
    const at = (received: Side[]) =>
      screenOf(sample({ identity: identity({ document: "national_id", sides: ["front", "back"], received }) }), fresh);
    expect(at([])).toMatchObject({ name: "document_side", side: "front", index: 0, count: 2 });
    expect(at(["front"])).toMatchObject({ name: "document_side", side: "back", index: 1, count: 2 });
    expect(at(["back"])).toMatchObject({ name: "document_side", side: "front" });
    expect(at(["front", "back"])).toEqual({ name: "liveness" });
  });

  it("goes on after a reload where the server stands", () => {
    const view = sample({ identity: identity({ document: "passport", sides: ["front"], received: ["front"] }) });
    expect(screenOf(view, fresh)).toEqual({ name: "liveness" });
  });

  it("says why the last try failed, until another document is chosen", () => {
    const view = sample({ identity: identity({ document: "passport", sides: ["front"], received: ["front"], reason: "face_mismatch", may_retry: true }) });
    expect(screenOf(view, fresh)).toEqual({ name: "identity_retry", reason: "face_mismatch" });
    expect(screenOf(view, { checked: true, introSeen: true, choosing: true, isOther: false })).toEqual({ name: "document_choice", present: "passport" });
  });

  it("asks whoever is known for a selfie alone", () => {
    const due = sample({ identity: identity({ status: "not_started", asks: "selfie" }) });
    expect(screenOf(due, fresh)).toEqual({ name: "known_selfie" });
    expect(screenOf(due, { checked: true, introSeen: true, choosing: true, isOther: false })).toMatchObject({ name: "document_choice" });
    const begun = sample({ identity: identity({ asks: "selfie" }) });
    expect(screenOf(begun, fresh)).toEqual({ name: "liveness" });
    const failed = sample({ identity: identity({ status: "rejected", asks: "selfie", reason: "face_mismatch", may_retry: true }) });
    expect(screenOf(failed, fresh)).toEqual({ name: "identity_retry", reason: "face_mismatch" });
  });

  it("asks both mailboxes where the shop names another, unless everything is shown again", () => {
    const view = sample({ identity: identity({ status: "not_started", asks: "email", former_email: "a…n@example.com" }) });
    const none: Local = { checked: true, introSeen: false, choosing: false, isOther: false };
    expect(screenOf(view, none)).toEqual({ name: "email_codes", former: "a…n@example.com" });
    expect(screenOf(view, { ...none, choosing: true })).toEqual({ name: "document_choice", present: null });
  });

  it("asks for a code until the server knows who it is", () => {
    const known: Local = { checked: true, introSeen: true, choosing: false, isOther: false, known: true };
    expect(screenOf(sample(), known)).toEqual({ name: "known_code" });
    expect(screenOf(sample({ identity: identity({ asks: "selfie" }) }), known)).toEqual({ name: "liveness" });
  });

  it("lets the server's step win over what this window was doing", () => {
    expect(screenOf(sample({ step: "cancelled" }), { checked: true, introSeen: true, choosing: true, isOther: false })).toEqual({ name: "cancelled" });
  });
});

describe("the other steps", () => {
  it.each<[Step, string]>([
    ["identity_checking", "identity_checking"], ["review", "review"], ["quote", "pay"], ["pay", "pay"], ["authorising", "authorising"],
    ["three_ds", "three_ds"], ["progress", "progress"], ["completed", "completed"], ["failed", "failed"], ["cancelled", "cancelled"], ["expired", "expired"],
  ])("%s shows %s", (step, name) => {
    expect(screenOf(sample({ step }), fresh).name).toBe(name);
  });

  it("keeps one screen while the quote is renewed, so that the card fields stay", () => {
    expect(screenKey(screenOf(sample({ step: "quote" }), fresh))).toBe(screenKey(screenOf(sample({ step: "pay" }), fresh)));
  });

  it("counts the two sides as two screens", () => {
    const side = (received: Side[]) =>
      screenKey(screenOf(sample({ identity: identity({ document: "national_id", sides: ["front", "back"], received }) }), fresh));
    expect(side([])).not.toBe(side(["front"]));
  });
});

it("offers to cancel until the money is taken", () => {
  expect((["identity", "pay", "three_ds", "review"] as Step[]).every((step) => mayCancel(sample({ step })))).toBe(true);
  expect((["progress", "completed", "failed", "cancelled", "expired"] as Step[]).some((step) => mayCancel(sample({ step })))).toBe(false);
});

it("never lets an older view replace a newer one", () => {
  expect(isNewer(sample({ version: 2 }), sample({ version: 3 }))).toBe(false);
  expect(isNewer(sample({ version: 3 }), sample({ version: 3 }))).toBe(true);
  expect(isNewer(sample(), undefined)).toBe(true);
});

it("knows the ends", () => {
  expect((["completed", "failed", "cancelled", "expired"] as Step[]).every((step) => isTerminal(sample({ step })))).toBe(true);
  expect((["progress", "review"] as Step[]).some((step) => isTerminal(sample({ step })))).toBe(false);
});
