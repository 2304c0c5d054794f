// The pictures of e2e/shots, for the README and for eyes: a week of a developer's spending, and what
// differs from it.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  cli,
  control,
  installCodex,
  perform,
  scene,
  start,
  stop,
  turn,
  visit,
  visitPanel,
} from "./world.mjs";

const { SHOTS, CLAWROUTER_CODEX_HOME } = process.env;
process.env.FONTCONFIG_FILE = fileURLToPath(
  new URL("fonts.conf", import.meta.url),
);

const models = [
  ["anthropic/claude-opus-5", 18_400, 1_240, 0.082, 1100],
  ["deepseek/deepseek-v4-pro", 9_200, 310, 0.011, 420],
  ["zai/glm-5.2", 26_800, 2_050, 0.034, 760],
];

/** A ledger of the days before today, as the program itself writes it. */
function writeLedger() {
  mkdirSync(`${CLAWROUTER_CODEX_HOME}/spend`, { recursive: true, mode: 0o700 });
  const turns = [21, 34, 9, 27, 16, 41];
  turns.forEach((count, i) => {
    const noon = new Date();
    noon.setUTCHours(9, 0, 0, 0);
    noon.setUTCDate(noon.getUTCDate() - (turns.length - i));
    const lines = Array.from({ length: count }, (_, n) => {
      const [used, tin, out, cost, first] =
        models[(n * 7 + i) % 5 === 0 ? 0 : (n + i) % 3];
      return JSON.stringify({
        id: `d${i}t${n}`,
        at: new Date(noon.getTime() + n * 600_000).toISOString(),
        asked: used,
        used,
        in: tin + n * 97,
        out: out + n * 11,
        max_tokens: 8192,
        cost_usd: Number((cost * (0.7 + (n % 5) / 8)).toFixed(6)),
        basis: "quote",
        estimate: true,
        first_ms: first + n * 9,
        ms: first * 6,
        outcome: "ok",
        finish: "stop",
      });
    });
    writeFileSync(
      `${CLAWROUTER_CODEX_HOME}/spend/${noon.toISOString().slice(0, 10)}.jsonl`,
      lines.join("\n") + "\n",
      { mode: 0o600 },
    );
  });
}

const narrow = { width: 400, height: 640 };
const wide = { width: 1120, height: 800 };

/** One picture in each theme; of the whole page one is enough. */
function shoot(name, viewport, prepare = async () => {}, whole = false) {
  for (const colorScheme of whole ? ["light"] : ["light", "dark"]) {
    scene(`${name}-${colorScheme}`, async () => {
      const v = await visitPanel({
        colorScheme,
        viewport,
        deviceScaleFactor: 2,
        reducedMotion: "reduce",
      });
      await v.page
        .getByRole("region", { name: "Recent turns" })
        .getByRole("row")
        .nth(1)
        .waitFor();
      await prepare(v.page);
      await v.page.screenshot({
        path: `${SHOTS}/${name}-${colorScheme}.png`,
        fullPage: whole,
      });
      await v.context.close();
    });
  }
}

scene("first-start-light", async () => {
  const v = await visitPanel({
    colorScheme: "light",
    viewport: narrow,
    deviceScaleFactor: 2,
  });
  await v.page.getByRole("region", { name: "First steps" }).waitFor();
  await v.page.screenshot({ path: `${SHOTS}/first-start-light.png` });
  await v.context.close();
});

scene("the week is there", async () => {
  await stop();
  writeLedger();
  installCodex();
  await cli("setup");
  await start();
  await cli("model", "use", "anthropic/claude-opus-5");
  await cli("desktop", "on");
  await cli("cap", "5");
  for (const model of [
    "deepseek/deepseek-v4-pro",
    "zai/glm-5.2",
    "clawrouter/selected",
  ])
    await turn(model);
  await control({ next: Array(6).fill({ broke: true }) });
  await turn("anthropic/claude-opus-5", "Tell me more.");
  await control({ next: [] });
  for (const model of ["clawrouter/selected", "deepseek/deepseek-v4-pro"])
    await turn(model, "And now?");
});

shoot("panel", narrow);
shoot("panel-long", narrow, undefined, true);
shoot("panel-wide", wide, async (page) => {
  await page
    .getByRole("button", { name: /: \$.*turns?$/ })
    .nth(3)
    .click();
});
shoot("models", narrow, async (page) => {
  await page.keyboard.press("/");
  await page.getByRole("option").first().waitFor();
});
shoot("fund", narrow, async (page) => {
  await page.getByRole("button", { name: "Fund" }).click();
  await page.getByRole("img", { name: /QR code/ }).waitFor();
});
scene("locked-light", async () => {
  const v = await visit({ viewport: narrow, deviceScaleFactor: 2 });
  await v.page.setContent(
    `<a href="${await cli("panel", "--print")}x">open</a>`,
  );
  await v.page.getByRole("link").click();
  await v.page
    .getByRole("heading", { name: "This page is not open yet" })
    .waitFor();
  await v.page.screenshot({ path: `${SHOTS}/locked-light.png` });
  await v.context.close();
});

scene("trouble", async () => {
  for (const colorScheme of ["light", "dark"]) {
    await control({ balance: "0" });
    await cli("pause");
    const v = await visitPanel({
      colorScheme,
      viewport: narrow,
      deviceScaleFactor: 2,
      reducedMotion: "reduce",
    });
    await cli("wallet");
    await v.page.getByText("empty", { exact: false }).first().waitFor();
    await stop();
    await v.page.getByText("clawrouter-codex does not answer.").waitFor();
    await v.page.screenshot({ path: `${SHOTS}/trouble-${colorScheme}.png` });
    await v.context.close();
    await start();
  }
});

mkdirSync(SHOTS, { recursive: true });
await perform();
