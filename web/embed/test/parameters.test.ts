import { describe, expect, it } from "vitest";
import { collect, mayRedirect, required, snakeCase } from "../src/parameters";

describe("collect", () => {
  it("takes both spellings and passes values on untouched", () => {
    const networks = ["TRC20", "BITCOIN"];
    const { parameters } = collect({ widgetId: "w", init_token: "t", amount: "100.00", fixAmount: true, networks });
    expect(parameters).toEqual({ widget_id: "w", init_token: "t", amount: "100.00", fix_amount: true, networks });
    expect(parameters["networks"]).toBe(networks);
  });

  it("keeps false and empty text, which are values, and leaves out what is absent", () => {
    const { parameters } = collect({ fixFiatCurrency: false, address: "", signature: undefined, network: null });
    expect(parameters).toEqual({ fix_fiat_currency: false, address: "" });
  });

  it("ignores host, callbacks and unknown names", () => {
    const { parameters } = collect({ host: "#pay", onLoad: () => undefined, somethingElse: 1, amount: "1" });
    expect(parameters).toEqual({ amount: "1" });
  });

  it("keeps language and theme apart, since they may change", () => {
    expect(collect({ lang: "de", theme: "dark", amount: "1" })).toEqual({ parameters: { amount: "1" }, lang: "de", theme: "dark" });
  });

  it("lets the later spelling count", () => {
    expect(collect({ amount: "1", merchant_transaction_id: "a", merchantTransactionId: "b" }).parameters).toEqual({
      amount: "1",
      merchant_transaction_id: "b",
    });
  });
});

describe("required", () => {
  it("finds the value under its wire name", () => {
    expect(required({ widget_id: "w" }, "widgetId")).toBe("w");
  });

  it.each([{}, { init_token: "" }, { init_token: 5 }])("names what is missing in %j", (parameters) => {
    expect(() => required(parameters, "initToken")).toThrow("initToken is missing");
  });
});

it("spells as the wire does", () => {
  expect(snakeCase("fixFiatCurrency")).toBe("fix_fiat_currency");
  expect(snakeCase("init_token")).toBe("init_token");
});

describe("mayRedirect", () => {
  it.each(["https://shop.example/done", "http://127.0.0.1:3000/", "myshop://done"])("allows %s", (url) => {
    expect(mayRedirect(url)).toBe(true);
  });

  it.each(["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "blob:https://a/b", "file:///etc/passwd", "vbscript:x", "/relative", "", 5, null])(
    "refuses %s",
    (url) => {
      expect(mayRedirect(url)).toBe(false);
    },
  );
});
