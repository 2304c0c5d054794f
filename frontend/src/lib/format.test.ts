import { describe, expect, test } from "vitest";

import { clock, money, moneyOf, seconds, short, span, tokens, when } from "./format";

const now = new Date(2026, 10, 25, 14, 2, 30);
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

test.each([
  [0, "$0.00"],
  [4.1, "$4.10"],
  [1234.5, "$1,234.50"],
  [-0.5, "−$0.50"],
])("money(%d) is %s", (usd, want) => expect(money(usd)).toBe(want));

describe("money in one list", () => {
  test("has two digits", () =>
    expect([0, 0.08, 12].map(moneyOf([0, 0.08, 12]))).toEqual(["$0.00", "$0.08", "$12.00"]));
  test("has four where one is under a cent", () =>
    expect([0, 0.0004, 0.08].map(moneyOf([0, 0.0004, 0.08]))).toEqual(["$0.0000", "$0.0004", "$0.0800"]));
});

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1k"],
  [1234, "1.2k"],
  [9949, "9.9k"],
  [9950, "10k"],
  [18_400, "18k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [1_048_576, "1.05M"],
])("tokens(%d) is %s", (n, want) => expect(tokens(n)).toBe(want));

test.each([
  [49, "<0.1 s"],
  [50, "0.1 s"],
  [400, "0.4 s"],
  [1100, "1.1 s"],
  [9949, "9.9 s"],
  [9950, "10 s"],
  [61_000, "61 s"],
])("seconds(%d) is %s", (ms, want) => expect(seconds(ms)).toBe(want));

test.each([
  [0, "just now"],
  [-5, "just now"],
  [34, "30 s ago"],
  [60, "1 min ago"],
  [3599, "59 min ago"],
  [3600, "13:02"],
  [86_400, "24 Nov 14:02"],
])("%d seconds ago is %s", (s, want) => expect(when(ago(s), now)).toBe(want));

test("a time of another day has its day", () => expect(clock(ago(86_400 * 3), now)).toBe("22 Nov 14:02"));
test("or is its day", () => expect(clock(ago(86_400 * 3), now, true)).toBe("22 Nov"));

test.each([
  [12_000, "12 s"],
  [300_000, "5 min"],
  [12_000_000, "3 h 20 min"],
  [352_800_000, "4 d 2 h"],
])("span(%d) is %s", (ms, want) => expect(span(ms)).toBe(want));

test("an address keeps its ends", () => {
  expect(short("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")).toBe("0xf39F…2266");
  expect(short("brk_…1234")).toBe("brk_…1234");
});
