import type { Phase } from "./panel.svelte";
import type { State } from "./client";
import { t } from "./text";

export interface Status {
  word: string;
  tone: "good" | "warn" | "bad" | "none";
  shape: "disc" | "ring" | "mark";
}

/** The state of the link in a word and a shape. */
export function statusOf(phase: Phase, s: State | null): Status {
  if (phase === "offline") return { word: t.status.offline, tone: "bad", shape: "ring" };
  if (!s || phase === "connecting") return { word: t.status.connecting, tone: "none", shape: "ring" };
  if (s.notices.some((n) => n.level === "error"))
    return { word: t.status.attention, tone: "bad", shape: "mark" };
  if (starting(s)) return { word: t.status.starting, tone: "none", shape: "ring" };
  if (s.spend.paused) return { word: t.status.paused, tone: "warn", shape: "mark" };
  return { word: t.status.healthy, tone: "good", shape: "disc" };
}

export function starting(s: State): boolean {
  return ["idle", "checking", "starting", "restarting"].includes(s.proxy.phase ?? "");
}

/** Whether turns can be answered. A server that is not supervised has no phase. */
export function isUp(s: State): boolean {
  return s.running && (!s.proxy.supervised || s.proxy.phase === "healthy" || s.proxy.phase === "reused");
}
