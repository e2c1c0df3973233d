import { describe, expect, it } from "vitest";
import { isFiltered, readFilters, withQuery, writeFilters } from "../src/core/filters";
import { partsOf, placeOf, url } from "../src/core/location";
import { mergeFresh } from "../src/core/pages";
import { readViews, withView } from "../src/core/saved";

const NAMES = ["query", "status"] as const;

describe("filters in the address", () => {
  it("come back as they were", () => {
    const filters = { query: "a&b =c", status: "failed" };
    expect(readFilters(writeFilters(filters, NAMES), NAMES)).toEqual(filters);
  });

  it("drop what is empty or unknown", () => {
    expect(writeFilters({ query: "", status: "" }, NAMES)).toBe("");
    expect(readFilters("status=failed&evil=1", NAMES)).toEqual({ query: "", status: "failed" });
    expect(isFiltered({ query: "", status: "" })).toBe(false);
    expect(withQuery("orders", "")).toBe("orders");
  });

  it("are the same address whatever came first", () => {
    expect(writeFilters(readFilters("status=failed&query=x", NAMES), NAMES)).toBe("query=x&status=failed");
  });
});

describe("places", () => {
  it("are below the console", () => {
    expect(placeOf("/console/orders/", "?a=1")).toEqual({ path: "/orders", query: "a=1" });
    expect(placeOf("/console", "")).toEqual({ path: "/", query: "" });
    expect(url("/orders", "a=1")).toBe("/console/orders?a=1");
  });

  it("keep an id whole", () => {
    expect(partsOf("/partners/a%2Fb/keys")).toEqual(["partners", "a/b", "keys"]);
    expect(partsOf("/orders/%E0%A4%A")).toEqual(["orders", "%E0%A4%A"]);
  });
});

describe("saved views", () => {
  it("survive nonsense", () => {
    expect(readViews("{")).toEqual([]);
    expect(readViews('[{"name":"a","query":"b"},{"name":1},null]')).toEqual([{ name: "a", query: "b" }]);
  });

  it("have one for each name", () => {
    const views = withView([{ name: "a", query: "1" }], { name: " a ", query: "2" });
    expect(views).toEqual([{ name: "a", query: "2" }]);
    expect(withView(views, { name: " ", query: "3" })).toBe(views);
  });
});

describe("a fresh beginning over what is loaded", () => {
  const row = (id: number, state = "old") => ({ id, state });
  const keyOf = ({ id }: { id: number }) => String(id);

  it("keeps what is below", () => {
    const merged = mergeFresh([row(3), row(2), row(1)], [row(4, "new"), row(3, "new")], true, keyOf);
    expect(merged).toEqual([row(4, "new"), row(3, "new"), row(2), row(1)]);
  });

  it("drops what is gone from its span", () => {
    expect(mergeFresh([row(4), row(3), row(2), row(1)], [row(4), row(2)], true, keyOf).map(keyOf)).toEqual(["4", "2", "1"]);
  });

  it("is all there is where nothing comes after it", () => {
    expect(mergeFresh([row(3), row(2)], [row(3)], false, keyOf)).toEqual([row(3)]);
    expect(mergeFresh([row(3)], [], false, keyOf)).toEqual([]);
  });

  it("leaves no gap when more is new than a page holds", () => {
    expect(mergeFresh([row(2), row(1)], [row(9), row(8)], true, keyOf).map(keyOf)).toEqual(["9", "8"]);
  });
});
