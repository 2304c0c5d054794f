// The program under test, the browser, and what a scene needs of both.
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const run = promisify(execFile);
export const { PROGRAM, PORT, PROXY_PORT, FOLDER, CODEX_HOME } = process.env;
export const base = `http://localhost:${PORT}`;
export const panelURL = base + "/dashboard";
const sim = `http://127.0.0.1:${PROXY_PORT}`;

let program;

/** Starts the link, and returns when it is up. */
export async function start() {
  program = spawn(PROGRAM, ["start"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  await new Promise((up, failed) => {
    const hear = (data) => {
      said += data;
      if (said.includes("Ctrl-C stops it")) up();
    };
    program.stdout.on("data", hear);
    program.stderr.on("data", hear);
    program.on("exit", (code) =>
      failed(new Error(`the program ended with ${code}\n${said}`)),
    );
  });
}

export async function stop() {
  if (!program || program.exitCode !== null) return;
  const gone = new Promise((r) => program.on("exit", r));
  program.removeAllListeners("exit");
  const ended = new Promise((r) => program.on("exit", r));
  program.kill("SIGINT");
  await Promise.race([gone, ended]);
}

/** A command of the program, as another process. */
export async function cli(...args) {
  const { stdout } = await run(PROGRAM, args);
  return stdout.trim();
}

/** A Codex that is just enough of one for setup. */
export function installCodex() {
  const models = {
    models: [
      {
        slug: "gpt-5.5",
        visibility: "list",
        priority: 1,
        base_instructions: "You are Codex.",
      },
    ],
  };
  writeFileSync(
    `${FOLDER}/bin/codex`,
    `#!/bin/sh\ncase "$*" in\n--version) echo codex-cli 0.169.0 ;;\n*--bundled) echo '${JSON.stringify(models)}' ;;\n*) echo '{"models":[]}' ;;\nesac\n`,
    { mode: 0o755 },
  );
}

/** One turn of Codex; say steers the stand-in's model. */
export async function turn(model = "clawrouter/selected", say = "Say hello.") {
  const r = await fetch(base + "/v1/responses", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model, input: say, stream: false }),
  });
  await r.text();
}

export async function control(change) {
  const r = await fetch(sim + "/__sim/control", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(change),
  });
  if (!r.ok) throw new Error(`the stand-in: ${r.status} ${await r.text()}`);
}

export const config = () => {
  try {
    return readFileSync(`${CODEX_HOME}/config.toml`, "utf8");
  } catch {
    return "";
  }
};

let browser;

async function openBrowser() {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split(
      " ",
    ),
  });
  return browser;
}

/** A browser profile of its own; everything it asks for and complains of is kept. */
export async function visit(options = {}) {
  const context = await browser.newContext({
    viewport: { width: 400, height: 640 },
    colorScheme: "light",
    timezoneId: "UTC",
    locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const asked = [];
  const complaints = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));
  return { context, page, asked, complaints };
}

/** A page of the panel that was let in by a one-time link. */
export async function visitPanel(options) {
  const v = await visit(options);
  await v.page.goto(await cli("panel", "--print"));
  await v.page.getByRole("radio", { name: "ClawRouter" }).waitFor();
  return v;
}

const axe = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/** What axe finds, one line each. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    async () => (await globalThis.axe.run(document)).violations,
  );
  return found.map(
    (v) =>
      `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).join("; ")})`,
  );
}

/** Ends what pages of a context still ask for, and closes them. */
export async function leave(context) {
  await Promise.all(
    context.pages().map((p) => p.unrouteAll({ behavior: "ignoreErrors" })),
  );
  await context.close();
}

const scenes = [];
export const scene = (name, play) => scenes.push({ name, play });

/** Plays all scenes in order, and prints one line for each. */
async function playAll() {
  const only = process.env.SCENE;
  let failed = 0;
  for (const { name, play } of scenes) {
    if (only && !name.includes(only)) continue;
    let wrong = "";
    let note = "";
    try {
      note = (await play()) ?? "";
    } catch (e) {
      wrong = String(e?.stack ?? e);
      failed++;
      // A page that is left open would ask on, of what the next scene or the end
      // takes away, and end the whole play.
      await Promise.all(browser.contexts().map(leave));
    }
    console.log(JSON.stringify({ name, wrong, note }));
  }
  return failed;
}

/** Plays all scenes in a browser, against a program of their own; the process ends with how it went. */
export async function perform() {
  await start();
  const opened = await openBrowser();
  let failed = 1;
  try {
    failed = await playAll();
  } finally {
    await opened.close();
    await stop();
  }
  process.exitCode = failed ? 1 : 0;
}

export function expect(ok, ...words) {
  if (!ok)
    throw new Error(
      words
        .map((w) => (typeof w === "string" ? w : JSON.stringify(w)))
        .join(" "),
    );
}

/** Waits until what is seen is right, and says what was seen last. */
export async function until(look, right, what) {
  let seen;
  for (
    const end = Date.now() + 15_000;
    Date.now() < end;
    await new Promise((r) => setTimeout(r, 50))
  ) {
    seen = await look();
    if (right(seen)) return seen;
  }
  throw new Error(`${what}; the last was ${JSON.stringify(seen)}`);
}
