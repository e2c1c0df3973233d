// One hosted card field. The page around it is the merchant's widget, on another origin: it may
// style the field and learn whether it is complete, never what is in it. The number's frame reads
// its two siblings, which live on this same origin, and trades the three values for a token. For a
// card that is kept the frame of the code stands alone, and trades code and key for a token.

import { digitsOf, read, unfinished } from "./rules.js";

/** @typedef {import("./rules.js").Field} Field */

const FIELDS = /** @type {const} */ (["number", "expiry", "cvc"]);
const LABELS = { number: "Card number", expiry: "Expiry date, month and year", cvc: "Security code" };
const PLACEHOLDERS = { number: "1234 1234 1234 1234", expiry: "MM/YY", cvc: "CVC" };
const AUTOCOMPLETE = /** @type {const} */ ({ number: "cc-number", expiry: "cc-exp", cvc: "cc-csc" });
// Style values end up in custom properties; whatever looks like more than a plain value is dropped.
const PLAIN_VALUE = /^[\w\s#.,%()"'-]{1,120}$/;

const WORDS_MAX = 200;

const query = new URLSearchParams(location.search);
const parentOrigin = query.get("parent") ?? "";
const field = FIELDS.find((name) => name === query.get("field"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("field"));

// Read aloud with the field, and not seen: the page around shows it.
const note = document.createElement("p");
note.id = "note";
note.hidden = true;

if (field && parentOrigin !== "" && window.parent !== window) start(field);

/** @param {Field} name */
function start(name) {
  input.name = AUTOCOMPLETE[name];
  input.autocomplete = AUTOCOMPLETE[name];
  input.placeholder = PLACEHOLDERS[name];
  input.setAttribute("aria-label", LABELS[name]);
  input.setAttribute("aria-describedby", note.id);
  input.after(note);
  // How a sibling frame of this origin finds the value.
  Object.defineProperty(window, "proofField", { value: { name, value: () => input.value } });

  input.addEventListener("input", () => onInput(name));
  input.addEventListener("focus", () => tell({ type: "fields.focus", field: name }));
  input.addEventListener("blur", () => {
    tell({ type: "fields.blur", field: name });
    report(name, true);
  });
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== parentOrigin) return;
    onMessage(name, event.data);
  });
  tell({ type: "fields.ready", field: name });
  // What was typed before this script was there.
  if (input.value !== "") onInput(name);
}

/** @param {Record<string, unknown>} message */
function tell(message) {
  window.parent.postMessage(message, parentOrigin);
}

/** @param {Field} name */
function onInput(name) {
  const caret = input.selectionStart ?? input.value.length;
  const digitsBefore = digitsOf(input.value.slice(0, caret)).length;
  const atEnd = caret === input.value.length;
  const reading = read(name, input.value, new Date());
  if (reading.text !== input.value) {
    input.value = reading.text;
    const place = atEnd ? reading.text.length : placeAfter(reading.text, digitsBefore);
    input.setSelectionRange(place, place);
  }
  report(name, false);
}

/** Where the caret stands after so many digits. @param {string} text @param {number} digits */
function placeAfter(text, digits) {
  let seen = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (seen === digits) return index;
    if (/\d/.test(text[index] ?? "")) seen += 1;
  }
  return text.length;
}

/** @param {Field} name @param {boolean} left whether the person has left the field */
function report(name, left) {
  const reading = read(name, input.value, new Date());
  const empty = input.value === "";
  const error = reading.error ?? (left && !empty && !reading.complete ? unfinished(name) : undefined);
  input.setAttribute("aria-invalid", String(error !== undefined));
  tell({
    type: "fields.change",
    field: name,
    complete: reading.complete,
    empty,
    ...(error ? { error } : {}),
    ...(reading.brand ? { brand: reading.brand } : {}),
  });
}

/** @param {Field} name @param {any} message */
function onMessage(name, message) {
  if (message?.type === "fields.style") applyStyle(message.style);
  if (message?.type === "fields.words") applyWords(message.words);
  if (message?.type === "fields.focus") input.focus();
  if (message?.type !== "fields.tokenise") return;
  const id = String(message.id);
  const key = typeof message.key === "string" ? message.key : undefined;
  if (key !== undefined && name === "cvc") void tokenise(id, "cvc", { key, cvc: input.value });
  if (key === undefined && name === "number") void tokenise(id, "number", cardOf());
}

/** What a voice says: text only, of the page's language. @param {any} words */
function applyWords(words) {
  const text = (/** @type {unknown} */ value) => (typeof value === "string" ? value.slice(0, WORDS_MAX) : "");
  document.documentElement.lang = text(words?.lang) || "en";
  if (text(words?.label)) input.setAttribute("aria-label", text(words.label));
  note.textContent = text(words?.error);
  if (note.textContent) input.setAttribute("aria-invalid", "true");
}

/** @param {any} style */
function applyStyle(style) {
  const names = { color: "--color", placeholder: "--placeholder", fontSize: "--font-size", fontFamily: "--font-family", danger: "--danger" };
  for (const [key, property] of Object.entries(names)) {
    const value = style?.[key];
    if (typeof value === "string" && PLAIN_VALUE.test(value)) {
      document.documentElement.style.setProperty(property, value);
    }
  }
  // A frame whose colour scheme differs from its page's gets an opaque background from the browser.
  if (style?.scheme === "light" || style?.scheme === "dark") {
    document.documentElement.style.colorScheme = style.scheme;
  }
}

/** All that was typed into the three frames. */
function cardOf() {
  return { number: digitsOf(input.value), expiry: siblingValue("expiry"), cvc: siblingValue("cvc") };
}

/** @param {string} id @param {Field} name @param {Record<string, string>} values */
async function tokenise(id, name, values) {
  try {
    const answer = await fetch("/fields/v1/tokens", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(values),
    });
    const body = await answer.json();
    if (answer.ok) {
      const card = { brand: body.brand, last4: body.last4, country: body.country };
      tell({ type: "fields.token", id, token: body.token, card });
    } else {
      tell({ type: "fields.error", id, code: body.code, field: body.field, message: body.message });
    }
  } catch {
    const message = "The card processor could not be reached.";
    tell({ type: "fields.error", id, code: "unreachable", field: name, message });
  }
}

/** @param {Field} name */
function siblingValue(name) {
  for (let index = 0; index < window.parent.frames.length; index += 1) {
    try {
      const sibling = /** @type {any} */ (window.parent.frames[index]).proofField;
      if (sibling?.name === name) return String(sibling.value());
    } catch {
      // A frame of another origin: not one of ours.
    }
  }
  return "";
}
