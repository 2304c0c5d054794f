// Who gets in, and what a newcomer sees.

import { createServer } from "node:http";

import { locked, radio, shown, hidden } from "./locate.mjs";
import {
  cli,
  expect,
  installCodex,
  panelURL,
  scene,
  turn,
  visit,
  visitPanel,
} from "./world.mjs";

scene(
  "a one-time link lets one browser in, once, and leaves no trace in the address",
  async () => {
    const link = await cli("panel", "--print");
    const first = await visit();
    await first.page.goto(link);
    await shown(radio(first.page, "ClawRouter"));
    expect(
      !first.page.url().includes("link="),
      "the address is",
      first.page.url(),
    );
    expect((await first.context.cookies()).length === 0, "a cookie was set");
    const kept = await first.page.evaluate(() => ({
      token: sessionStorage.getItem("token"),
      page: document.documentElement.outerHTML,
    }));
    expect(
      kept.token?.length > 60 && !kept.page.includes(kept.token),
      "the token is still in the page",
    );
    await first.page.reload();
    await shown(radio(first.page, "ClawRouter"));
    // Typed, the address would let this user in without any link; followed from a page it does not.
    const second = await visit();
    await second.page.setContent(`<a href="${link}">open</a>`);
    await second.page.getByRole("link").click();
    await shown(locked(second.page));
    await first.context.close();
    await second.context.close();
  },
);

scene("typed by hand it lets in the user who runs it", async () => {
  const { page, context } = await visit();
  await page.goto(panelURL);
  await shown(radio(page, "ClawRouter"));
  await context.close();
});

scene("a hostile page on another port gets nothing", async () => {
  const state = (await cli("websearch", "status", "--json")).includes(
    '"on":true',
  );
  const evil = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>evil</title><a href="${panelURL}">win</a>
      <iframe src="${panelURL}"></iframe>
      <form method="post" action="${panelURL}/api/websearch" enctype="text/plain" target="f"><input name='{"on":true,"x":"' value='"}'></form>
      <iframe name="f"></iframe>`);
  });
  await new Promise((r) => evil.listen(0, "localhost", r));
  const { page, context } = await visit();
  try {
    await page.goto(`http://localhost:${evil.address().port}/`);
    const stolen = await page.evaluate(async (at) => {
      const ask = async (path, init) => {
        try {
          const r = await fetch(at + path, init);
          return `${r.type} ${r.status} ${(await r.text()).length}`;
        } catch {
          return "refused";
        }
      };
      return {
        page: await ask("", {}),
        state: await ask("/api/state", {}),
        token: await ask("/api/state", {
          headers: { "X-Clawrouter-Panel": "guess" },
        }),
        blind: await ask("/api/websearch", {
          method: "POST",
          mode: "no-cors",
          body: '{"on":true}',
        }),
        json: await ask("/api/websearch", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: '{"on":true}',
        }),
        script: await new Promise((done) => {
          const s = document.createElement("script");
          s.src = at + "/assets/panel.js";
          s.onload = () => done("loaded");
          s.onerror = () => done("refused");
          document.head.append(s);
        }),
      };
    }, panelURL);
    for (const [how, what] of Object.entries(stolen)) {
      expect(["refused", "opaque 0 0"].includes(what), how, "gave", what);
    }
    const frame = page.frames().find((f) => f.parentFrame() && !f.name());
    expect(
      !(await frame.content()).includes("panel-token"),
      "the page was framed",
    );
    await page.evaluate(() => document.forms[0].submit());
    await page
      .frames()
      .find((f) => f.name() === "f")
      .waitForLoadState()
      .catch(() => {});
    // A link of its leads to the page, which then shows nothing; and it gets no hold of the window.
    const popup = page.waitForEvent("popup");
    await page.evaluate(
      (at) => void (globalThis.w = window.open(at)),
      panelURL,
    );
    await shown(locked(await popup));
    expect(
      await page.evaluate(() => globalThis.w.closed),
      "the window can be reached by who opened it",
    );
    await page.getByRole("link", { name: "win" }).click();
    await shown(locked(page));
    expect(
      (await cli("websearch", "status", "--json")).includes('"on":true') ===
        state,
      "a switch was moved",
    );
  } finally {
    await context.close();
    evil.close();
  }
});

scene(
  "the first steps tick live, and are gone for good when done",
  async () => {
    const { page, context } = await visitPanel();
    const steps = page.getByRole("region", { name: "First steps" });
    await shown(steps);
    await shown(steps.getByText("1 of 3 done"));
    installCodex();
    await cli("setup");
    await shown(steps.getByText("2 of 3 done"));
    await shown(steps.getByText("codex --profile clawrouter"));
    await turn();
    await hidden(steps);
    await page.reload();
    await shown(radio(page, "ClawRouter"));
    await shown(
      page
        .getByRole("region", { name: "Recent turns" })
        .getByRole("row")
        .nth(1),
    );
    expect(!(await steps.isVisible()), "the steps came back");
    await context.close();
  },
);
