// Every control, and the truth behind it.

import { radio, shown, hidden, text } from "./locate.mjs";
import {
  cli,
  config,
  control,
  expect,
  leave,
  panelURL,
  PORT,
  scene,
  turn,
  until,
  visit,
  visitPanel,
} from "./world.mjs";

scene("the switch moves Codex, and a change from elsewhere shows", async () => {
  const { page, context } = await visitPanel();
  await radio(page, "ClawRouter").check();
  await shown(text(page, "Codex runs on ClawRouter."));
  expect(config().includes(`:${PORT}/v1`), "config.toml:", config());
  await shown(text(page, "Restart Codex to apply"));
  await cli("desktop", "off");
  await until(
    () => radio(page, "Subscription").isChecked(),
    (on) => on,
    "the page does not follow",
  );
  await radio(page, "ClawRouter").check();
  await until(
    async () => config().includes(`:${PORT}/v1`),
    (on) => on,
    "config.toml does not follow",
  );
  await context.close();
});

scene("a switch that fails goes back to the truth, in words", async () => {
  const { page, context } = await visitPanel();
  await page.route("**/dashboard/api/provider", (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/json",
      body: JSON.stringify({
        error: {
          kind: "failed",
          message: "config.toml is read-only",
          mend: "chmod 600 config.toml",
        },
      }),
    }),
  );
  const before = await radio(page, "ClawRouter").isChecked();
  await radio(page, before ? "Subscription" : "ClawRouter").click();
  await shown(text(page, "config.toml is read-only"));
  await shown(text(page, "chmod 600 config.toml"));
  expect(
    (await radio(page, "ClawRouter").isChecked()) === before,
    "the switch shows what is not so",
  );
  await page.getByRole("button", { name: "Dismiss" }).click();
  await hidden(text(page, "config.toml is read-only"));
  await context.close();
});

scene("a model is found, chosen and taken back", async () => {
  const { page, context } = await visitPanel();
  await page.keyboard.press("/");
  const dialog = page.getByRole("dialog", { name: "Choose a model" });
  await shown(dialog);
  const search = dialog.getByRole("combobox", { name: "Search models" });
  await search.fill("opus 5");
  const option = dialog.getByRole("option", { name: /Claude Opus 5/ }).first();
  await shown(option);
  expect(
    /\$\d.*per 1M.*context/.test(await option.innerText()),
    "the option says",
    await option.innerText(),
  );
  expect(
    (await dialog.getByRole("option").count()) < 4,
    "the search finds too much",
  );
  await page.keyboard.press("Enter");
  await hidden(dialog);
  await shown(text(page, "The next turn goes to Claude Opus 5."));
  await shown(page.getByRole("button", { name: "Claude Opus 5" }));
  await page.getByRole("button", { name: "Undo" }).click();
  await hidden(page.getByRole("button", { name: "Claude Opus 5" }));
  await page.getByRole("region", { name: "Model" }).getByRole("button").click();
  await search.fill("no such thing");
  await shown(text(page, "No model is called “no such thing”."));
  await search.fill("");
  const first = await search.getAttribute("aria-activedescendant");
  await page.keyboard.press("ArrowDown");
  expect(
    (await search.getAttribute("aria-activedescendant")) !== first,
    "the arrow does not move",
  );
  await dialog.getByRole("button", { name: "Update models" }).click();
  await shown(text(page, "Codex's list of models is up to date."));
  await page.keyboard.press("Escape");
  await hidden(dialog);
  await context.close();
});

scene("web search, cap and pause", async () => {
  const { page, context } = await visitPanel();
  const search = page.getByRole("switch", { name: "Web search" });
  await search.click();
  await until(
    () => cli("websearch", "status"),
    (s) => s.includes("is on"),
    "the switch did nothing",
  );
  await until(
    () => search.isChecked(),
    (on) => on,
    "the switch does not show it",
  );
  await cli("websearch", "off");
  await until(
    () => search.isChecked(),
    (on) => !on,
    "the page does not follow",
  );

  await page.getByRole("button", { name: "Set cap" }).click();
  const field = page.getByRole("textbox", { name: "Cap in dollars a day" });
  await field.fill("lots");
  await page.getByRole("button", { name: "Save" }).click();
  await shown(text(page, "An amount in dollars, like 5 or 2.50."));
  await field.fill("5");
  await page.keyboard.press("Enter");
  await shown(text(page, "The cap is $5.00 a day."));
  await shown(page.getByRole("meter", { name: "Daily cap" }));
  await shown(text(page, /^\$\d+\.\d\d of \$5\.00$/));

  await page.getByRole("button", { name: "Pause all paid turns" }).click();
  await shown(page.getByRole("button", { name: "Resume paid turns" }));
  await shown(page.getByRole("status").filter({ hasText: "paused" }));
  await turn("anthropic/claude-opus-5");
  await shown(text(page, "refused: cap or pause"));
  await page.getByRole("button", { name: "Resume paid turns" }).click();
  await shown(page.getByRole("button", { name: "Pause all paid turns" }));

  await page.getByRole("button", { name: "Change cap" }).click();
  await page.getByRole("button", { name: "No cap" }).click();
  await shown(text(page, "There is no cap now."));
  await context.close();
});

scene("the wallet: balance, code, address, low and empty", async () => {
  const { page, context } = await visitPanel();
  await shown(text(page, /^\$12\.\d\d$/));
  const address = JSON.parse(await cli("wallet", "--json")).data.address;
  await page.getByRole("button", { name: "Fund" }).click();
  const dialog = page.getByRole("dialog", { name: "Fund the wallet" });
  await shown(
    dialog.getByRole("img", {
      name: "QR code of the address for USDC on Base",
    }),
  );
  await shown(dialog.getByText(address));
  await shown(dialog.getByText(/^Send USDC on Base only\./));
  await dialog.getByRole("button", { name: "Copy address" }).click();
  await shown(dialog.getByRole("button", { name: "Address copied" }));
  expect(
    (await page.evaluate(() => navigator.clipboard.readText())) === address,
    "something else was copied",
  );
  await page.keyboard.press("Escape");
  await hidden(dialog);
  await page.getByRole("button", { name: "Copy", exact: true }).first().click();
  await control({ balance: "0.50" });
  await cli("wallet");
  await shown(text(page, "low"));
  await control({ balance: "0" });
  await cli("wallet");
  await shown(text(page, "empty"));
  await shown(page.getByRole("status").filter({ hasText: "needs you" }));
  const alert = page.getByRole("alert");
  await shown(alert.getByText(/wallet is empty/i));
  await alert.getByRole("button", { name: "Fund the wallet" }).click();
  await shown(dialog.getByText(address));
  await page.keyboard.press("Escape");
  await hidden(dialog);
  await control({ balance: "12.34" });
  await cli("wallet");
  await shown(text(page, /^\$12\.34$/));
  await context.close();
});

scene("turns, a day's models, and what went wrong", async () => {
  const { page, context } = await visitPanel({
    viewport: { width: 1000, height: 800 },
  });
  const turns = page.getByRole("region", { name: "Recent turns" });
  const rows = turns.getByRole("row");
  await shown(rows.nth(1));
  const before = await rows.count();
  await turn("anthropic/claude-opus-5");
  await until(
    () => rows.count(),
    (n) => n > before,
    "the turn does not show",
  );
  await shown(rows.nth(1).getByText("Claude Opus 5"));
  expect(
    /\d→\d/.test(await rows.nth(1).innerText()),
    "no tokens in",
    await rows.nth(1).innerText(),
  );
  expect(
    /\d s/.test(await rows.nth(1).innerText()),
    "no time in",
    await rows.nth(1).innerText(),
  );
  await control({ next: Array(6).fill({ broke: true }) });
  await turn("deepseek/deepseek-v4-pro", "Spend what is not there.");
  await control({ next: [] });
  await until(
    () => turns.innerText(),
    (t) => /wallet empty|asked for/.test(t),
    "the failure does not show",
  );
  const bar = page.getByRole("button", { name: /: \$.*turns?$/ }).last();
  await bar.click();
  await shown(
    page.getByRole("table", { name: /: \$/ }).getByText("Claude Opus 5"),
  );
  expect(
    (await bar.getAttribute("aria-expanded")) === "true",
    "the bar does not say that it is open",
  );
  await bar.click();
  await shown(page.getByRole("heading", { name: "Provider errors" }));
  for (let i = 0; i < 8; i++) await turn("free/gpt-oss-120b");
  await page.getByRole("button", { name: "Show more" }).click();
  await until(
    () => rows.count(),
    (n) => n > 9,
    "there are no more",
  );
  await page.getByRole("button", { name: "Show fewer" }).click();
  await until(
    () => rows.count(),
    (n) => n === 9,
    "there are not fewer",
  );
  await context.close();
});

scene("health, restart, doctor, log", async () => {
  const { page, context } = await visitPanel();
  const health = page.getByRole("region", { name: "Link" });
  await shown(health.getByText(`:${PORT}`, { exact: true }));
  await shown(health.getByText(/up \d+/).first());
  await health.getByRole("button", { name: "Restart ClawRouter now" }).click();
  await shown(text(page, "ClawRouter restarts."));
  await until(
    () => health.getByRole("button").isEnabled(),
    (on) => on,
    "it does not come back",
  );
  await page.locator("summary", { hasText: "Doctor" }).click();
  await page.getByRole("button", { name: "Run the checks" }).click();
  await shown(page.getByRole("button", { name: "Run again" }));
  await shown(
    page.getByRole("status").filter({ hasText: /to be mended|to mend/ }),
  );
  await page.locator("summary", { hasText: "Log" }).click();
  await until(
    () => page.getByRole("log").innerText(),
    (t) => t.includes("ClawRouter"),
    "the log says nothing of ClawRouter",
  );
  await context.close();
});

scene("parts are opened by their names", async () => {
  const { page, context } = await visit();
  await page.goto((await cli("panel", "--print")) + "#doctor");
  await shown(page.getByRole("button", { name: "Run the checks" }));
  await context.close();
});

scene(
  "the theme is the system's until one is chosen, and is kept",
  async () => {
    const { page, context } = await visitPanel({ colorScheme: "dark" });
    const ground = () =>
      page.evaluate(
        () => getComputedStyle(document.documentElement).backgroundColor,
      );
    const dark = await ground();
    await page.locator("summary", { hasText: "Settings" }).click();
    await page.getByRole("combobox", { name: "Theme" }).selectOption("light");
    const light = await ground();
    expect(dark !== light, "both are", light);
    await page.reload();
    await shown(radio(page, "ClawRouter"));
    expect((await ground()) === light, "the choice was lost");
    await page.locator("summary", { hasText: "Settings" }).click();
    await page.getByRole("combobox", { name: "Theme" }).selectOption("system");
    expect((await ground()) === dark, "the system's theme does not come back");
    await shown(page.getByRole("switch", { name: "Launch at login" }));
    await context.close();
  },
);

scene("what the menu bar tells and shows", async () => {
  const { page, context } = await visitPanel();
  await page.locator("summary", { hasText: "Settings" }).click();
  const notifications = page.getByRole("switch", { name: "Notifications" });
  const beside = page.getByRole("combobox", { name: "Text beside the icon" });
  const stored = async (words) =>
    until(
      () => cli("menubar", "status", "--json"),
      (t) => t.includes(words),
      "settings.toml does not follow",
    );
  expect(await notifications.isChecked(), "notifications begin switched off");
  await notifications.click();
  await stored('"notifications":false,"text":"off"');
  await beside.selectOption("today");
  await stored('"notifications":false,"text":"today"');
  await cli("menubar", "text", "balance");
  await cli("menubar", "notifications", "on");
  await until(
    async () => [await beside.inputValue(), await notifications.isChecked()],
    ([text, on]) => text === "balance" && on,
    "the page does not follow a change from elsewhere",
  );
  await page.route("**/dashboard/api/menubar", (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/json",
      body: '{"error":{"kind":"failed","message":"settings.toml is read-only"}}',
    }),
  );
  await beside.selectOption("off");
  await shown(text(page, "settings.toml is read-only"));
  expect(
    (await beside.inputValue()) === "balance",
    "the choice shows what is not so",
  );
  await context.close();
});

scene(
  "what launch at login means is read before it is switched on",
  async () => {
    const { page, context } = await visitPanel();
    await page.locator("summary", { hasText: "Settings" }).click();
    const login = page.getByRole("switch", { name: "Launch at login" });
    expect(!(await login.isChecked()), "it is on already");
    await shown(text(page, /spends from your wallet, also while nobody looks/));
    await cli("cap", "7");
    await shown(text(page, /The daily cap is \$7\.00\./));
    await cli("cap", "off");
    await shown(text(page, /There is no daily cap/));
    await context.close();
  },
);

// Where the Desktop app can be asked to quit, which is so on macOS only.
scene("Codex is restarted where it can be asked to quit", async () => {
  const { page, context } = await visit();
  let told;
  let quits = false;
  await page.route("**/dashboard/api/events", async (route) => {
    const answer = await route.fetch({ url: panelURL + "/api/state" });
    told = { ...(await answer.json()), restart_codex: !quits };
    told.restart_codex_now = !quits;
    await route.fulfill({
      contentType: "text/event-stream",
      body: `event: state\ndata: ${JSON.stringify(told)}\n\n`,
    });
  });
  // What the stream tells changes with the answer and not before it: a stream
  // of one event is asked for again and again, and would take the button away.
  let willQuit = false;
  await page.route("**/dashboard/api/codex", (route) => {
    quits = willQuit;
    const state = { ...told, restart_codex: false, restart_codex_now: false };
    return route.fulfill({
      status: quits ? 200 : 409,
      contentType: "application/json",
      body: quits
        ? JSON.stringify({ state })
        : '{"error":{"kind":"failed","message":"Codex did not quit"}}',
    });
  });
  await page.goto(await cli("panel", "--print"));
  const button = page.getByRole("button", { name: "Restart Codex now" });
  await button.click();
  await shown(text(page, "Codex did not quit"));
  await shown(button);
  willQuit = true;
  await button.click();
  await shown(text(page, "Codex was restarted."));
  await hidden(button);
  await leave(context);
});
