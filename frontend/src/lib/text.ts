// Every word that the page itself says. To add a language, translate en and pick by navigator.language here.
// What the program says (notices, errors, the doctor's lines) comes in its own words.

import { en } from "./en";

export const t = en;
