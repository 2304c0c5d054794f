// The API of openapi.json, typed by it. It holds no state but the token.

import type { Family, Failure, Fund, LogLine, Outcome, paths, Report, Spending, State } from "./api";

export type { Family, Fund, LogLine, Outcome, Report, Spending, State };
export type Notice = State["notices"][number];
export type Turn = Spending["recent"][number];
export type Day = Spending["days"][number];
export type Provider = State["provider"];
export type MenuBarChange = Body<"/menubar">;

type Posts = { [P in keyof paths]: paths[P] extends { post: object } ? P : never }[keyof paths];
type Body<P extends Posts> = paths[P] extends {
  post: { requestBody: { content: { "application/json": infer B } } };
}
  ? B
  : never;

const root = "/dashboard/api";
const header = "X-Clawrouter-Panel";
const place = "token";

/** What went wrong, in the program's words. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: string,
    readonly mend: string,
  ) {
    super(message);
  }
  /** The page was not let in, or its time is over. */
  get locked(): boolean {
    return this.kind === "locked";
  }
  get gone(): boolean {
    return this.kind === "gone";
  }
}

/**
 * Moves the token from the page into the tab's own storage, and the one-time link out of the address. What
 * stands behind # names a part to open.
 */
export function takeToken(): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="panel-token"]');
  if (meta?.content) sessionStorage.setItem(place, meta.content);
  meta?.remove();
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(place) !== null;
}

export function dropToken(): void {
  sessionStorage.removeItem(place);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set(header, sessionStorage.getItem(place) ?? "");
  let response: Response;
  try {
    response = await fetch(root + path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("", "gone", "");
  }
  if (response.ok) return response;
  const told = (await response.json().catch(() => null)) as Failure | null;
  const kind = response.status === 401 ? "locked" : (told?.error.kind ?? "failed");
  throw new ApiError(told?.error.message ?? `${response.status}`, kind, told?.error.mend ?? "");
}

async function get<T>(path: string): Promise<T> {
  return (await (await send(path, {})).json()) as T;
}

async function post<P extends Posts>(path: P, body: Body<P>): Promise<Outcome> {
  const response = await send(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Outcome;
}

export const api = {
  events: (signal: AbortSignal) => send("/events", { signal }),
  models: () => get<Family[]>("/models"),
  fund: () => get<Fund>("/fund"),
  spending: (days: number, recent: number) => get<Spending>(`/spending?days=${days}&recent=${recent}`),
  doctor: () => get<Report>("/doctor"),
  log: (lines: number) => get<LogLine[]>(`/log?lines=${lines}`),
  provider: (provider: Provider) => post("/provider", { provider }),
  model: (name: string) => post("/model", { name, pin: false }),
  websearch: (on: boolean) => post("/websearch", { on }),
  cap: (usd: number | null) => post("/cap", { cap_usd: usd }),
  pause: (on: boolean) => post("/pause", { on }),
  login: (on: boolean) => post("/login", { on }),
  menuBar: (change: Body<"/menubar">) => post("/menubar", change),
  restartCodex: () => post("/codex", {}),
  wallet: () => post("/wallet", {}),
  restart: () => post("/restart", {}),
  updateModels: () => post("/models", {}),
};
