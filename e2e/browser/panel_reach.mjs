// Coming and going, the keyboard, widths, motion, and what axe finds.

import { createServer } from "node:http";

import { locked, radio, shown, hidden, text } from "./locate.mjs";
import {
  expect,
  panelURL,
  scene,
  start,
  stop,
  turn,
  until,
  violations,
  visit,
  visitPanel,
} from "./world.mjs";

/** When something was first to be seen, in milliseconds after the navigation began. */
async function firstPaint(page) {
  const paint = () =>
    page.evaluate(
      () =>
        performance.getEntriesByName("first-contentful-paint")[0]?.startTime ??
        null,
    );
  return Math.round(
    await until(paint, (at) => at !== null, "nothing was painted"),
  );
}

scene("the program goes and comes back", async () => {
  const { page, context } = await visitPanel({ reducedMotion: "reduce" });
  await shown(page.getByRole("status").filter({ hasText: "healthy" }));
  await stop();
  await shown(text(page, "clawrouter-codex does not answer."));
  await shown(text(page, /What you see was true/));
  await shown(radio(page, "ClawRouter"));
  await page.getByRole("switch", { name: "Web search" }).click();
  await shown(
    text(page, "clawrouter-codex does not answer, so nothing was changed."),
  );
  const found = await violations(page);
  expect(found.length === 0, found);
  await start();
  await shown(page.getByRole("status").filter({ hasText: "healthy" }));
  await hidden(text(page, /What you see was true/));
  await context.close();
});

scene("the keyboard reaches everything, in the order it is read", async () => {
  const { page, context } = await visitPanel();
  const seen = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const box = e.getBoundingClientRect();
      const ring = getComputedStyle(
        e.type === "radio" ? e.parentElement : e,
      ).outlineStyle;
      return {
        name:
          e.getAttribute("aria-label") ||
          e.textContent?.trim() ||
          e.id ||
          e.name,
        top: Math.round(box.top + scrollY),
        ring,
      };
    });
    if (!at) break;
    seen.push(at);
  }
  const names = seen.map((s) => s.name).join(" | ");
  const total = await page.evaluate(
    () =>
      [
        ...document.querySelectorAll(
          "button, input, select, summary, [tabindex='0']",
        ),
      ].filter(
        (e) =>
          e.checkVisibility() &&
          !e.disabled &&
          !(e.type === "radio" && !e.checked),
      ).length,
  );
  expect(
    seen.length === total,
    `Tab reaches ${seen.length} of ${total}:`,
    names,
  );
  expect(
    seen.every((s) => s.ring !== "none"),
    "no focus ring at",
    seen.filter((s) => s.ring === "none"),
  );
  const on = (await radio(page, "ClawRouter").isChecked())
    ? "Subscription"
    : "ClawRouter";
  await page.getByRole("radio", { checked: true }).focus();
  await page.keyboard.press("ArrowRight");
  await until(
    () => radio(page, on).isChecked(),
    (checked) => checked,
    "the arrow does not switch",
  );
  await context.close();
  return names;
});

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [
    [360, 640],
    [1200, 800],
  ]) {
    scene(`axe finds nothing: ${colorScheme}, ${width} wide`, async () => {
      const { page, context } = await visitPanel({
        colorScheme,
        viewport: { width, height },
        reducedMotion: "reduce",
      });
      await shown(
        page
          .getByRole("region", { name: "Recent turns" })
          .getByRole("row")
          .nth(1),
      );
      const found = await violations(page);
      await page
        .getByRole("button", { name: /: \$.*turns?$/ })
        .last()
        .click();
      for (const part of ["Doctor", "Log", "Settings"])
        await page.locator("summary", { hasText: part }).click();
      await page.getByRole("button", { name: "Run the checks" }).click();
      await shown(page.getByRole("button", { name: "Run again" }));
      found.push(...(await violations(page)));
      await page.keyboard.press("/");
      await shown(page.getByRole("option").first());
      found.push(...(await violations(page)));
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Fund" }).click();
      await shown(page.getByRole("img", { name: /QR code/ }));
      found.push(...(await violations(page)));
      await page.keyboard.press("Escape");
      await page.route("**/dashboard/api/websearch", (route) =>
        route.fulfill({
          status: 409,
          contentType: "application/json",
          body: '{"error":{"kind":"failed","message":"No.","mend":"clawrouter-codex doctor"}}',
        }),
      );
      await page.getByRole("switch", { name: "Web search" }).click();
      await shown(text(page, "No."));
      found.push(...(await violations(page)));
      expect(found.length === 0, found);
      await context.close();
    });
  }
  scene(`axe finds nothing on the locked page: ${colorScheme}`, async () => {
    const { page, context } = await visit({ colorScheme });
    await page.goto(panelURL + "?link=used");
    await page.evaluate(() => sessionStorage.clear());
    await page.route("**/dashboard/api/**", (route) =>
      route.fulfill({
        status: 401,
        contentType: "application/json",
        body: "{}",
      }),
    );
    await page.reload();
    await shown(locked(page));
    const found = await violations(page);
    expect(found.length === 0, found);
    await context.close();
  });
}

scene("nothing is cut or hangs over from 360 to 1,200 pixels", async () => {
  const { page, context } = await visitPanel();
  await shown(
    page.getByRole("region", { name: "Recent turns" }).getByRole("row").nth(1),
  );
  for (const width of [360, 400, 600, 759, 760, 900, 1200]) {
    await page.setViewportSize({ width, height: 640 });
    const over = await page.evaluate(() =>
      [...document.querySelectorAll("main *, header *")]
        .filter(
          (e) =>
            e.checkVisibility() &&
            !e.closest(".unseen") &&
            e.getBoundingClientRect().right > innerWidth + 0.5,
        )
        .map((e) => e.tagName + "." + e.className),
    );
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth,
    );
    expect(
      over.length === 0 && wide <= width,
      `at ${width}: ${wide} wide`,
      over,
    );
  }
  await context.close();
});

scene("every column says what it is, also where it is narrow", async () => {
  await turn("zai/glm-5.2");
  const { page, context } = await visitPanel();
  const heads = page
    .getByRole("region", { name: "Recent turns" })
    .getByRole("columnheader");
  await shown(heads.first());
  for (const width of [360, 1200]) {
    await page.setViewportSize({ width, height: 640 });
    const blank = await heads.evaluateAll((all) =>
      all
        .filter(
          (th) =>
            !(th.children.length ? [...th.children] : [th]).some(
              (e) =>
                e.innerText.trim() &&
                parseFloat(getComputedStyle(e).fontSize) > 8,
            ) || th.scrollWidth > th.clientWidth,
        )
        .map((th) => th.textContent),
    );
    expect(blank.length === 0, `at ${width} these are not to be read:`, blank);
  }
  await context.close();
});

scene("nothing moves for those who want no motion", async () => {
  const { page, context } = await visitPanel({ reducedMotion: "reduce" });
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((e) => {
        const s = getComputedStyle(e);
        return s.animationName !== "none" || s.transitionDuration !== "0s";
      }).length,
  );
  expect(moving === 0, `${moving} elements move`);
  await context.close();
});

scene(
  "no request leaves the machine, and nothing breaks the policy",
  async () => {
    const { page, context, asked, complaints } = await visitPanel({
      viewport: { width: 1000, height: 800 },
    });
    await page.getByRole("button", { name: "Fund" }).click();
    await shown(page.getByRole("img", { name: /QR code/ }));
    await page.keyboard.press("Escape");
    const own = new URL(page.url()).origin;
    const out = asked.filter((url) => !url.startsWith(own + "/dashboard"));
    expect(out.length === 0, "asked for", out);
    expect(complaints.length === 0, complaints);
    const paint = await firstPaint(page);
    const secret = await page.evaluate(
      () =>
        document.documentElement.outerHTML +
        JSON.stringify({ ...localStorage }),
    );
    const key = await page.evaluate(() => sessionStorage.getItem("token"));
    expect(!secret.includes(key), "the token is in the page");
    // A bare page on the same machine at the same time: what the browser itself takes.
    const bare = createServer((_, r) =>
      r.setHeader("Content-Type", "text/html").end("<p>bare"),
    );
    await new Promise((r) => bare.listen(0, "localhost", r));
    await page.goto(`http://localhost:${bare.address().port}/`);
    const least = await firstPaint(page);
    bare.close();
    await context.close();
    return `first contentful paint after ${paint} ms, of a bare page after ${least} ms`;
  },
);
