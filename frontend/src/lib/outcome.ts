import type { Turn } from "./client";
import { t } from "./text";

/** What became of a turn, in words; "" where it went well. */
export function outcomeOf(turn: Turn): string {
  if (turn.basis === "unpaid") return t.turns.paid;
  const outcome = turn.outcome ?? "ok";
  if (outcome === "ok") return turn.finish === "length" ? t.turns.length : "";
  return t.turns.outcome[outcome] ?? outcome.replaceAll("_", " ");
}

/** A free model that answered though a paid one was asked. */
export function isSwapped(turn: Turn): boolean {
  return !!turn.used && !!turn.asked && turn.used.startsWith("free/") && !turn.asked.startsWith("free/");
}
