// The bank's page of a 3-D Secure challenge: shows the amount, takes the answer, and tells the
// page around it (or the one that opened it) that it is done. That message carries nothing: the
// outcome is asked from the processor, never believed from a browser.

const address = location.pathname.replace(/\/$/, "");
const approve = button("approve");
const reject = button("reject");

void show();
approve.addEventListener("click", () => void answer(true));
reject.addEventListener("click", () => void answer(false));

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
function button(id) {
  return /** @type {HTMLButtonElement} */ (element(id));
}

/** Minor units as text to "101.40 EUR", without a number type in between. @param {{currency: string, minor: string}} amount */
function amountText(amount) {
  const decimals = amount.currency === "JPY" ? 0 : 2;
  const digits = amount.minor.padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals);
  return `${part === "" ? whole : `${whole}.${part}`} ${amount.currency}`;
}

/** @param {string} text */
function say(text) {
  element("message").textContent = text;
}

function finish() {
  const other = window.parent !== window ? window.parent : window.opener;
  other?.postMessage({ type: "three_ds.finished" }, "*");
}

async function show() {
  try {
    const reply = await fetch(`${address}/facts`);
    if (!reply.ok) throw new Error(String(reply.status));
    const facts = await reply.json();
    element("amount").textContent = amountText(facts.amount);
    if (facts.card) element("card").textContent = `Card ending in ${facts.card.last4}`;
    if (facts.status === "three_ds_required") {
      element("choices").hidden = false;
    } else {
      say("This payment has been answered already.");
      finish();
    }
  } catch {
    say("This page could not be loaded. Close it and try the payment again.");
  }
}

/** @param {boolean} yes */
async function answer(yes) {
  approve.disabled = true;
  reject.disabled = true;
  try {
    const reply = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ approve: yes }),
    });
    if (!reply.ok && reply.status !== 409) throw new Error(String(reply.status));
    element("choices").hidden = true;
    say(yes ? "Confirmed. Returning to the payment." : "Rejected. Returning to the payment.");
    finish();
  } catch {
    say("Your answer could not be sent. Try again.");
    approve.disabled = false;
    reject.disabled = false;
  }
}
