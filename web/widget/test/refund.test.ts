import { describe, expect, it } from "vitest";
import { addressProblem, tidied } from "../src/refund";

const TRON = "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE";
const EVM = "0x52908400098527886E0F7030069857D2E4169EE7";
const BITCOIN = ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"];

describe("a refund address", () => {
  it.each([["TRC20", TRON], ["ERC20", EVM], ["BEP20", EVM], ...BITCOIN.map((text) => ["BITCOIN", text])])("on %s may be %s", (network, text) => {
    expect(addressProblem(network ?? "", text ?? "")).toBeUndefined();
  });

  it("of another network is told as such", () => {
    expect(addressProblem("TRC20", EVM)).toEqual({ kind: "network", like: "ERC20" });
    expect(addressProblem("BEP20", TRON)).toEqual({ kind: "network", like: "TRC20" });
    expect(addressProblem("TRC20", BITCOIN[0] ?? "")).toEqual({ kind: "network", like: "BITCOIN" });
    expect(addressProblem("BITCOIN", TRON)).toEqual({ kind: "network", like: "TRC20" });
  });

  it.each([TRON.slice(1), TRON.slice(0, -1), `${TRON}x`, "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLS0", "hello"])("%s is none on Tron", (text) => {
    expect(addressProblem("TRC20", text)).toBeDefined();
  });

  it("is left to the server on a network that is not known here", () => {
    expect(addressProblem("NEWNET", "anything")).toBeUndefined();
    expect(addressProblem("NEWNET", "")).toEqual({ kind: "empty" });
  });

  it("loses the spaces and line ends of a paste", () => {
    expect(tidied(` ${TRON.slice(0, 10)}\n${TRON.slice(10)} `)).toBe(TRON);
  });
});
