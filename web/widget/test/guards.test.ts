import { describe, expect, it } from "vitest";
import { afterMessage, blankFields } from "../src/fields";
import { isAllowedOrigin, isWayBack, readBoot, readInit, webAddress } from "../src/guards";

describe("origins", () => {
  const origins = ["https://shop.example", "http://127.0.0.1:3000", "capacitor://localhost"];
  it.each(["https://shop.example", "HTTPS://SHOP.EXAMPLE", "http://127.0.0.1:3000", "capacitor://localhost"])("lets %s in", (origin) => {
    expect(isAllowedOrigin(origins, origin)).toBe(true);
  });
  it.each(["https://shop.example.evil.com", "https://evil.com", "http://shop.example", "http://127.0.0.1:3001", "null", "", "https://shop.example/"])(
    "keeps %s out",
    (origin) => {
      expect(isAllowedOrigin(origins, origin)).toBe(false);
    },
  );
  it("keeps the opaque origin out even where it is listed", () => {
    expect(isAllowedOrigin(["null"], "null")).toBe(false);
  });
});

describe("messages of the page", () => {
  it("reads what the loader sends", () => {
    const init = { type: "proof.init", parameters: { amount: "1" }, lang: "de", theme: "dark" };
    expect(readInit(init)).toEqual({ parameters: { amount: "1" }, lang: "de", theme: "dark" });
  });
  it.each([null, undefined, "proof.init", 7, [], {}, { type: "proof.init" }, { type: "proof.init", parameters: [] }, { type: "other", parameters: {} }])(
    "ignores %j",
    (data) => {
      expect(readInit(data)).toBeUndefined();
    },
  );
  it("drops language and theme of a wrong type", () => {
    expect(readInit({ type: "proof.init", parameters: {}, lang: 5, theme: {} })).toEqual({ parameters: {} });
  });
});

describe("the server's block", () => {
  it("is read whole", () => {
    const boot = { origins: ["https://shop.example"], look: { accent: "#1f5eff" }, widget: "01a205d7-6445-7da8-b9dd-58caedbfa33b" };
    expect(readBoot(JSON.stringify(boot))).toEqual(boot);
  });
  it("says whether the link of an email is still good", () => {
    const boot = (resume: unknown) => readBoot(JSON.stringify({ origins: [], resume }))?.resume;
    expect(boot({ state: "open", partner: "Demo Shop" })).toEqual({ state: "open", partner: "Demo Shop" });
    expect(boot({ state: "over", partner: null })).toEqual({ state: "over", partner: null });
    for (const nonsense of [undefined, null, "open", { state: "else" }]) expect(boot(nonsense)).toBeUndefined();
  });
  it.each([undefined, "", "{", "[]", '{"origins":"*"}', "{}"])("is missed in %j", (text) => {
    expect(readBoot(text)).toBeUndefined();
  });
});

it("opens web addresses only", () => {
  expect(webAddress("https://bank.example/3ds")).toBe("https://bank.example/3ds");
  for (const url of ["javascript:alert(1)", "data:text/html,x", "/relative", "", null]) expect(webAddress(url)).toBeUndefined();
});

describe("messages of a card field", () => {
  it("change only their own field", () => {
    const next = afterMessage(blankFields(), "cvc", { type: "fields.change", field: "cvc", complete: true, empty: false });
    expect(next.cvc).toMatchObject({ complete: true, empty: false });
    expect(next.number).toEqual(blankFields().number);
  });
  it("forget an error that has passed", () => {
    const wrong = afterMessage(blankFields(), "number", { type: "fields.change", complete: false, empty: false, error: "invalid_number" });
    expect(wrong.number.error).toBe("invalid_number");
    expect(afterMessage(wrong, "number", { type: "fields.change", complete: true, empty: false, brand: "visa" }).number).toMatchObject({
      error: undefined,
      brand: "visa",
    });
  });
  it.each([null, "fields.change", { type: "unknown" }, { complete: true }])("ignore %j", (message) => {
    const states = blankFields();
    expect(afterMessage(states, "number", message)).toBe(states);
  });
});

describe("the way back from a page of ours", () => {
  it.each(["https://shop.example/orders/7", "shopapp://return/orders/7", "com.example.shop://done"])("is %s", (url) => {
    expect(isWayBack(url)).toBe(true);
  });
  it.each(["javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,x", "blob:https://shop.example/1", "intent://x#Intent;end", "file:///etc", "vbscript:x", "", "/orders/7"])("is never %s", (url) => {
    expect(isWayBack(url)).toBe(false);
  });
});
