import { describe, expect, it } from "vitest";
import { csvCell, csvOf } from "../src/core/csv";

describe("a cell", () => {
  it.each([
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1", "'+1"],
    ["-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", '"\'\r=1"'],
  ])("%j is no formula", (given, written) => {
    expect(csvCell(given)).toBe(written);
  });

  it.each([
    ["plain", "plain"], ["a,b", '"a,b"'], ['say "x"', '"say ""x"""'], ["two\nlines", '"two\nlines"'], ["", ""], ["1-2", "1-2"],
    ['=a,"b"', `"'=a,""b"""`],
  ])("%j is written as %j", (given, written) => {
    expect(csvCell(given)).toBe(written);
  });
});

it("writes a line for the titles and one for each row", () => {
  const rows = [{ id: "1", user: "=x" }];
  expect(csvOf(rows, [{ title: "id", of: (row) => row.id }, { title: "user", of: (row) => row.user }])).toBe("id,user\r\n1,'=x\r\n");
});
