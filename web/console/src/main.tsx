// Start: the look, the keyboard and the links; then ask who is here and draw.

import { render } from "preact";
import { App } from "./app";
import { followKeys } from "./core/keys";
import { followTyping } from "./core/load";
import { followLinks } from "./core/location";
import { whoAmI } from "./core/session";
import { themeStart } from "./core/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/forms.css";
import "./styles/table.css";
import "./styles/pages.css";
import "./styles/checklist.css";
import "./styles/sandbox.css";
import "./styles/print.css";

themeStart();
followKeys();
followTyping();
followLinks();
void whoAmI();

const root = document.getElementById("app");
if (root) render(<App />, root);
