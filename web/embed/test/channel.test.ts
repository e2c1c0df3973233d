import { describe, expect, it } from "vitest";
import { Channel, read } from "../src/channel";

describe("a channel", () => {
  it("hears what is said on it, in order, once", () => {
    const channel = new Channel();
    const say = (n: number, id = channel.id) => channel.next({ type: "proof.event", channel: id, n }) !== undefined;
    expect([say(1), say(1), say(3), say(2), say(2), say(1), say(3)]).toEqual([true, false, false, true, false, false, true]);
  });

  it("hears nothing of another one, or of none", () => {
    const [channel, other] = [new Channel(), new Channel()];
    expect(channel.id).toMatch(/^[0-9a-f]{32}$/);
    expect(channel.id).not.toBe(other.id);
    for (const id of [other.id, undefined, null, "", 0]) expect(channel.next({ type: "proof.event", channel: id, n: 1 })).toBeUndefined();
    expect(channel.next({ type: "proof.event", channel: channel.id, n: 1 })).toBeDefined();
  });

  it.each([null, undefined, "proof.hello", 1, [], [{ type: "x" }], {}, { type: 1 }, { type: null }])("reads nothing of %j", (data) => {
    expect(read(data)).toBeUndefined();
  });
});
