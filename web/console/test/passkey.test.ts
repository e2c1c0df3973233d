import { expect, it } from "vitest";
import { bytesOf, deviceName, isNumber, textOf, wordsFor } from "../src/core/passkey";

it("keeps bytes through base64url, without padding", () => {
  for (const length of [0, 1, 2, 3, 32, 255]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 83 + 251) % 256);
    const text = textOf(bytes.buffer);
    expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
    expect([...bytesOf(text)]).toEqual([...bytes]);
  }
  expect(textOf(Uint8Array.from([251, 255, 254]).buffer)).toBe("-__-");
});

it("knows hosts that are numbers, for which browsers keep no passkeys", () => {
  expect(["127.0.0.1", "[::1]"].map(isNumber)).toEqual([true, true]);
  expect(["localhost", "ramp.example", "1.ramp.example"].map(isNumber)).toEqual([false, false, false]);
});

it("names the device, and says why there is no passkey", () => {
  expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")).toBe("iPhone");
  expect(deviceName("Mozilla/5.0 (Linux; Android 15; Pixel 9)")).toBe("Android phone");
  expect(deviceName("Mozilla/5.0 (X11; Linux x86_64)")).toBe("Linux computer");
  expect(deviceName("curl")).toBe("Passkey");
  expect(wordsFor("InvalidStateError")).toContain("already");
  expect(wordsFor("NotAllowedError")).toBe(wordsFor("AbortError"));
});
