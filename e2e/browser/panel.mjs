// All scenes of the panel, in the order in which they build on each other.

import "./panel_access.mjs";
import "./panel_controls.mjs";
import "./panel_reach.mjs";
import { openBrowser, playAll, start, stop } from "./world.mjs";

await start();
await openBrowser().then(async (browser) => {
  let failed = 1;
  try {
    failed = await playAll();
  } finally {
    await browser.close();
    await stop();
  }
  process.exitCode = failed ? 1 : 0;
});
