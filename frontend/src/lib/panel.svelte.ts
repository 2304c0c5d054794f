// What the page knows: the last State that came, what the user just did to it, and whether the program is
// still there. Parts read `view` and call methods; none of them asks the API for the State itself.

import { ApiError, api, dropToken, hasToken, takeToken } from "./client";
import type { Family, MenuBarChange, Notice, Outcome, Provider, Spending, State } from "./client";
import { events } from "./sse";
import { t } from "./text";

export type Phase = "locked" | "connecting" | "live" | "offline";

/** Something that was told once, in words, with the way out. */
export interface Said {
  id: number;
  tone: "done" | "problem";
  text: string;
  mend: string;
  undo?: () => void;
}

interface Patch {
  id: number;
  apply: (s: State) => void;
}

// The program sends something every 10 s.
const silence = 25_000;
const firstPause = 500;
const longestPause = 5_000;
const lastKnown = "state";

class Panel {
  phase = $state<Phase>("connecting");
  truth = $state.raw<State | null>(null);
  /** When the truth came; a page that was loaded again begins with an older one. */
  heard = $state(0);
  now = $state(Date.now());
  spending = $state.raw<Spending | null>(null);
  families = $state.raw<Family[] | null>(null);
  said = $state.raw<Said[]>([]);
  busy = $state.raw<ReadonlySet<string>>(new Set());
  private patches = $state.raw<Patch[]>([]);
  private count = 0;

  /** The truth with what the user did and the program has not answered yet. */
  view = $derived.by<State | null>(() => {
    if (!this.truth || this.patches.length === 0) return this.truth;
    const s = structuredClone(this.truth);
    for (const patch of this.patches) patch.apply(s);
    return s;
  });
  stale = $derived(this.phase !== "live");
  names = $derived(
    new Map((this.families ?? []).flatMap((f) => f.models.map((m) => [m.id, m.name] as const))),
  );

  /** A model as people call it. */
  nameOf(id: string): string {
    return this.names.get(id) ?? id.slice(id.indexOf("/") + 1);
  }

  /** Begins to listen, and ends with the page. */
  start(): () => void {
    takeToken();
    const stop = new AbortController();
    const tick = setInterval(() => (this.now = Date.now()), 1000);
    if (!hasToken()) this.phase = "locked";
    else {
      this.recall();
      void this.listen(stop.signal);
    }
    return () => {
      clearInterval(tick);
      stop.abort();
    };
  }

  private recall(): void {
    try {
      const kept = JSON.parse(sessionStorage.getItem(lastKnown) ?? "null");
      if (kept) [this.truth, this.heard] = [kept.state, kept.heard];
    } catch {
      sessionStorage.removeItem(lastKnown);
    }
  }

  private async listen(stop: AbortSignal): Promise<void> {
    let pause = firstPause;
    while (!stop.aborted) {
      try {
        await this.listenOnce(stop, () => (pause = firstPause));
      } catch (error) {
        if (error instanceof ApiError && error.locked) return this.lock();
      }
      if (stop.aborted) return;
      this.phase = "offline";
      await sleep(pause, stop);
      pause = Math.min(pause * 2, longestPause);
    }
  }

  private async listenOnce(stop: AbortSignal, up: () => void): Promise<void> {
    const connection = new AbortController();
    const end = () => connection.abort();
    stop.addEventListener("abort", end);
    let watch = setTimeout(end, silence);
    try {
      const response = await api.events(connection.signal);
      const heard = () => {
        clearTimeout(watch);
        watch = setTimeout(end, silence);
      };
      for await (const event of events(response.body!, heard)) {
        if (event.name !== "state") continue;
        up();
        this.learn(JSON.parse(event.data) as State);
        this.phase = "live";
      }
    } finally {
      clearTimeout(watch);
      stop.removeEventListener("abort", end);
    }
  }

  private lock(): void {
    dropToken();
    sessionStorage.removeItem(lastKnown);
    this.truth = this.spending = this.families = null;
    this.phase = "locked";
  }

  private learn(s: State): void {
    const before = this.truth;
    this.truth = s;
    this.heard = Date.now();
    sessionStorage.setItem(lastKnown, JSON.stringify({ state: s, heard: this.heard }));
    if (this.spending === null || spent(before) !== spent(s)) void this.loadSpending();
    if (this.families === null || listed(before) !== listed(s)) void this.loadModels();
  }

  private recent = 8;

  async loadSpending(recent = this.recent): Promise<void> {
    this.recent = recent;
    const loaded = await api.spending(7, recent).catch(() => null);
    if (loaded) this.spending = loaded;
  }

  async loadModels(): Promise<void> {
    const loaded = await api.models().catch(() => null);
    if (loaded) this.families = loaded;
  }

  /**
   * Shows at once what a command will do, and the truth again when it failed. done is said when it worked.
   */
  private async act(
    name: string,
    apply: Patch["apply"],
    call: () => Promise<Outcome>,
    done = "",
  ): Promise<boolean> {
    const id = ++this.count;
    this.patches = [...this.patches, { id, apply }];
    this.busy = new Set([...this.busy, name]);
    try {
      const outcome = await call();
      this.learn(outcome.state);
      const text = [done, ...(outcome.notes ?? [])].filter(Boolean).join(" ");
      if (text) this.say("done", text);
      return true;
    } catch (error) {
      this.complain(error);
      return false;
    } finally {
      this.patches = this.patches.filter((p) => p.id !== id);
      this.busy = new Set([...this.busy].filter((n) => n !== name));
    }
  }

  complain(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (error.locked) return this.lock();
    if (error.gone) return this.say("problem", t.offline.refused);
    this.say("problem", error.message, error.mend);
  }

  say(tone: Said["tone"], text: string, mend = "", undo?: () => void): void {
    const said: Said = { id: ++this.count, tone, text, mend, undo };
    this.said = [...this.said.slice(-2), said];
    if (tone === "done") setTimeout(() => this.unsay(said.id), 6000);
  }

  unsay(id: number): void {
    this.said = this.said.filter((s) => s.id !== id);
  }

  setProvider(provider: Provider) {
    return this.act(
      "provider",
      (s) => (s.provider = provider),
      () => api.provider(provider),
      t.provider.done[provider],
    );
  }

  async useModel(id: string) {
    const before = this.truth?.model.in_force;
    const apply = (s: State) => {
      s.model.in_force = s.model.chosen = id;
      s.model.pinned = false;
    };
    if (!(await this.act("model", apply, () => api.model(id)))) return;
    const undo = before && before !== id ? () => void this.useModel(before) : undefined;
    this.say("done", t.model.done(this.nameOf(id)), "", undo);
  }

  setWebSearch(on: boolean) {
    return this.act(
      "websearch",
      (s) => (s.web_search.on = on),
      () => api.websearch(on),
    );
  }

  setCap(usd: number | null) {
    const apply = (s: State) => {
      s.spend.cap_usd = usd;
      s.spend.fraction = usd ? s.spend.today_usd / usd : 0;
    };
    return this.act("cap", apply, () => api.cap(usd), t.cap.done(usd));
  }

  setPaused(on: boolean) {
    return this.act(
      "pause",
      (s) => (s.spend.paused = on),
      () => api.pause(on),
      on ? t.pause.paused : t.pause.resumed,
    );
  }

  setLogin(on: boolean) {
    return this.act(
      "login",
      (s) => (s.login.on = on),
      () => api.login(on),
    );
  }

  setMenuBar(change: MenuBarChange) {
    return this.act(
      "menubar",
      (s) => Object.assign(s.menu_bar, change),
      () => api.menuBar(change),
    );
  }

  restartCodex() {
    return this.act(
      "codex",
      () => {},
      () => api.restartCodex(),
      t.provider.restarted,
    );
  }

  restart() {
    return this.act(
      "restart",
      () => {},
      () => api.restart(),
      t.health.restarting,
    );
  }

  refreshWallet() {
    return this.act(
      "wallet",
      () => {},
      () => api.wallet(),
    );
  }

  async updateModels() {
    if (
      await this.act(
        "models",
        () => {},
        () => api.updateModels(),
        t.model.updated,
      )
    )
      await this.loadModels();
  }
}

function spent(s: State | null): string {
  return s ? JSON.stringify([s.spend.today_usd, s.spend.latest, s.spend.date, s.proxy.phase]) : "";
}

function listed(s: State | null): string {
  return s ? JSON.stringify([s.codex.models, s.proxy.clawrouter, s.proxy.phase]) : "";
}

function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

export const panel = new Panel();
export type { Notice };
