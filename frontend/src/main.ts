import { mount } from "svelte";

import "./panel.css";
import App from "./App.svelte";

const target = document.getElementById("panel")!;
target.replaceChildren();
mount(App, { target });
