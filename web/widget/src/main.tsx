// Start: read the server's block, say hello to the page around, open the order it names.

import { render } from "preact";
import { Api } from "./api";
import { App } from "./app";
import { Bridge } from "./bridge";
import { readBoot, type Boot } from "./guards";
import { Session } from "./session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/screens.css";
import "./styles/sell.css";

const PAGE_ANSWERS_MS = 10_000;
const NOWHERE: Boot = { origins: [], fields_origin: "" };

const boot = readBoot(document.getElementById("proof-boot")?.textContent);
const bridge = new Bridge();
const session = new Session(new Api(), bridge);
const root = document.getElementById("app");
if (root) render(<App session={session} boot={boot ?? NOWHERE} />, root);

if (!boot || window.parent === window) session.block({ kind: "not_embedded" });
else start(boot);

function start(known: Boot): void {
  const silence = setTimeout(() => session.block({ kind: "silent" }), PAGE_ANSWERS_MS);
  bridge.connect(known.origins, (init, pageOrigin) => {
    clearTimeout(silence);
    if (init.theme === "dark" || init.theme === "light") document.documentElement.dataset["theme"] = init.theme;
    const widgetId = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
    void session.open(widgetId, init, pageOrigin);
  });
}
