import { mount } from "svelte";

import "./panel.css";
import App from "./App.svelte";

mount(App, { target: document.getElementById("panel")! });
