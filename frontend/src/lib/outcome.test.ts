import { expect, test } from "vitest";

import type { Turn } from "./client";
import { isSwapped, outcomeOf } from "./outcome";

const turn = (part: Partial<Turn>): Turn => ({ at: "2026-11-25T12:00:00Z", cost_usd: 0, ...part });

test.each<[Partial<Turn>, string]>([
  [{ outcome: "ok" }, ""],
  [{}, ""],
  [{ outcome: "ok", finish: "length" }, "cut at its limit"],
  [{ outcome: "refused" }, "refused: cap or pause"],
  [{ outcome: "refused", basis: "unpaid" }, "wallet empty"],
  [{ outcome: "a_new_one" }, "a new one"],
])("%o is told as %j", (part, want) => expect(outcomeOf(turn(part))).toBe(want));

test("a free model in place of a paid one is told", () => {
  expect(isSwapped(turn({ asked: "anthropic/claude-opus-5", used: "free/gpt-oss-120b" }))).toBe(true);
  expect(isSwapped(turn({ asked: "free/gpt-oss-120b", used: "free/gpt-oss-120b" }))).toBe(false);
  expect(isSwapped(turn({ asked: "anthropic/claude-opus-5" }))).toBe(false);
});
