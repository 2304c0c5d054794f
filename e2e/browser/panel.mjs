// All scenes of the panel, in the order in which they build on each other.

import "./panel_access.mjs";
import "./panel_controls.mjs";
import "./panel_reach.mjs";
import { perform } from "./world.mjs";

await perform();
