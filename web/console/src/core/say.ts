// One line that says what just happened, to the eye and to the ear.

import { Store } from "./store";

export interface Said {
  text: string;
  tone: "ok" | "wait";
}

export const said = new Store<Said | null>(null);

export const say = (text: string, tone: Said["tone"] = "ok"): void => said.set({ text, tone });
