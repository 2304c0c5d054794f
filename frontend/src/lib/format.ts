// How figures are written. One rule for each, so that a figure looks the same wherever it stands.

/** Dollars of a list, all with the same number of digits: four where one is under a cent. */
export function moneyOf(list: number[]): (usd: number) => string {
  const digits = list.some((usd) => usd !== 0 && Math.abs(usd) < 0.01) ? 4 : 2;
  return (usd) => money(usd, digits);
}

export function money(usd: number, digits = 2): string {
  const text = Math.abs(usd).toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return (usd < 0 ? "−$" : "$") + text;
}

/** Tokens as people say them: 300, 1.2k, 18k, 1.05M. */
export function tokens(n: number): string {
  if (n < 1000) return String(n);
  if (n < 9950) return trimmed(n / 1000, 1) + "k";
  if (n < 999_500) return Math.round(n / 1000) + "k";
  return trimmed(n / 1_000_000, 2) + "M";
}

function trimmed(n: number, digits: number): string {
  return String(Number(n.toFixed(digits)));
}

/** Milliseconds as seconds: 0.4 s, 1.1 s, 12 s. */
export function seconds(ms: number): string {
  if (ms < 50) return "<0.1 s";
  const s = ms / 1000;
  return (s < 9.95 ? s.toFixed(1) : String(Math.round(s))) + " s";
}

/** A time of today as 14:02; an older one with its day, or as its day alone where it is narrow. */
export function clock(at: Date, now: Date, narrow = false): string {
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (sameDay(at, now)) return time;
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return narrow ? day : day + " " + time;
}

/** Relative under an hour, absolute after. */
export function when(at: Date, now: Date): string {
  const s = Math.max(0, (now.getTime() - at.getTime()) / 1000);
  if (s < 10) return "just now";
  if (s < 60) return Math.floor(s / 10) * 10 + " s ago";
  if (s < 3600) return Math.floor(s / 60) + " min ago";
  return clock(at, now);
}

/** How long something lasts: 12 s, 5 min, 3 h 20 min, 4 d 2 h. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86_400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.floor(s / 86_400) + " d " + Math.floor((s % 86_400) / 3600) + " h";
}

/** A day of the ledger, "2026-11-24", as "Tue 24 Nov", or "Tue" where it is narrow. */
export function day(date: string): string {
  return midday(date).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
}

export function weekday(date: string): string {
  return midday(date).toLocaleDateString("en-GB", { weekday: "short" });
}

// Noon is on the same day in every time zone.
function midday(date: string): Date {
  return new Date(date + "T12:00:00");
}

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

/** A long address with its middle left out. */
export function short(address: string): string {
  return address.length <= 14 ? address : address.slice(0, 6) + "…" + address.slice(-4);
}
