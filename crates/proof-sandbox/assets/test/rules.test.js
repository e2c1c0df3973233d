import { describe, expect, it } from "vitest";
import { passesLuhn, read } from "../fields/rules.js";

const now = new Date(2026, 3, 15);

describe("number", () => {
  it("is grouped as it is typed and knows its brand", () => {
    expect(read("number", "42424", now)).toEqual({ text: "4242 4", complete: false, brand: "visa" });
    expect(read("number", "4242 4242-4242x4242", now)).toEqual({ text: "4242 4242 4242 4242", complete: true, brand: "visa" });
    expect(read("number", "5555555555554444", now)).toMatchObject({ complete: true, brand: "mastercard" });
    expect(read("number", "378282246310005", now)).toEqual({ text: "3782 822463 10005", complete: true, brand: "amex" });
  });
  it("is wrong when its check digit is", () => {
    expect(read("number", "4242424242424241", now)).toMatchObject({ complete: false, error: "invalid_number" });
  });
  it("takes no more digits than a card has", () => {
    expect(read("number", "42424242424242429999", now).text).toBe("4242 4242 4242 4242");
  });
});

it("checks digits as Luhn does", () => {
  expect(passesLuhn("79927398713")).toBe(true);
  expect(passesLuhn("79927398710")).toBe(false);
  expect(passesLuhn("")).toBe(false);
});

describe("expiry", () => {
  it("gets its slash, and a zero before a single digit", () => {
    expect(read("expiry", "1", now)).toEqual({ text: "1", complete: false });
    expect(read("expiry", "123", now)).toEqual({ text: "12/3", complete: false });
    expect(read("expiry", "430", now)).toEqual({ text: "04/30", complete: true });
  });
  it("holds through its month and not longer", () => {
    expect(read("expiry", "04/26", now).complete).toBe(true);
    expect(read("expiry", "03/26", now)).toMatchObject({ complete: false, error: "expired_card" });
    expect(read("expiry", "13/30", now)).toMatchObject({ complete: false, error: "invalid_expiry" });
  });
});

it("a security code has three or four digits", () => {
  expect(read("cvc", "12", now).complete).toBe(false);
  expect(read("cvc", "123", now).complete).toBe(true);
  expect(read("cvc", "12345", now).text).toBe("1234");
});
