// The shop's page: asks its own backend for a session, hands it to the widget as it is, and shows
// what backend and page hear. The callbacks are hints for the page; the backend is the authority.

const KEPT = "shop-session";
const ASK_MS = 1000;
const TERMINAL = ["completed", "failed", "cancelled"];

/** @typedef {import("@proof/sdk/widget").Session} Session the global `proofWidget` has its type from there, too */

const form = /** @type {HTMLFormElement} */ (element("order"));
/** @type {import("@proof/sdk/widget").WidgetHandle | undefined} */
let widget;
/** @type {ReturnType<typeof setInterval> | undefined} */
let asking;

element("wallet").hidden = document.body.dataset.partnerType !== "user_wallet";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void buy();
});
form.addEventListener("change", (event) => {
  const amount = /** @type {HTMLElement} */ (event.target).dataset.amount;
  if (amount) /** @type {HTMLInputElement} */ (form.elements.namedItem("amount")).value = amount;
  name();
});
name();
element("another").addEventListener("click", () => {
  localStorage.removeItem(KEPT);
  location.reload();
});
// A reload, or a tab that was closed, goes on with the order where it was.
const kept = localStorage.getItem(KEPT);
// The widget's "back to the shop" leads here (`redirect_url`): that order is over for this page.
if (new URLSearchParams(location.search).has("done")) {
  localStorage.removeItem(KEPT);
  history.replaceState(null, "", "/");
} else if (kept) open(JSON.parse(kept));

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Buying and selling are one form. */
function name() {
  const sells = new FormData(form).get("type") === "sell";
  element("title").textContent = sells ? "Sell crypto" : "Buy crypto";
  element("submit").textContent = sells ? "Sell" : "Buy";
  element("wallet-label").textContent = sells ? "Your wallet address, should something go back" : "Your wallet address";
}

async function buy() {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const { asset, ...fields } = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  const [currency, network] = (asset ?? "").split(":");
  button.disabled = true;
  element("problem").textContent = "";
  try {
    const answer = await fetch("/checkout", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...fields, currency, network }),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.message);
    localStorage.setItem(KEPT, JSON.stringify(body));
    open(body);
  } catch (error) {
    element("problem").textContent = error instanceof Error ? error.message : String(error);
  } finally {
    button.disabled = false;
  }
}

/** @param {Session} session */
function open(session) {
  form.hidden = true;
  element("checkout").hidden = false;
  element("heard").hidden = false;
  element("order-id").textContent = session.merchant_transaction_id;
  /** @type {(name: string) => (payload?: any) => void} */
  const note = (name) => (payload) => logCallback(name, payload);
  widget?.destroy();
  widget = proofWidget.run({
    ...session,
    host: element("widget"),
    onLoad: note("onLoad"),
    onReady: note("onReady"),
    onStatusChange: note("onStatusChange"),
    onPaymentFinished: note("onPaymentFinished"),
    onSellTransferEnabled: (payload) => {
      logCallback("onSellTransferEnabled", { status: `${payload.amount} ${payload.currency}` });
      if (document.body.dataset.sandbox === "yes") offerWallet(payload);
    },
  });
  clearInterval(asking);
  asking = setInterval(() => void ask(session.merchant_transaction_id), ASK_MS);
  void ask(session.merchant_transaction_id);
}

/**
 * In the sandbox a button plays the user's wallet.
 * @param {import("@proof/sdk/widget").SellTransfer} transfer
 */
function offerWallet(transfer) {
  const { address, amount, currency, network } = transfer;
  const button = /** @type {HTMLButtonElement} */ (element("send"));
  element("user-wallet").hidden = false;
  element("sent").textContent = "";
  button.textContent = `Send ${amount} ${currency} from a sandbox wallet`;
  button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    const answer = await fetch("/sandbox/wallet", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ address, amount, currency, network }),
    });
    const body = await answer.json();
    button.disabled = false;
    element("sent").textContent = answer.ok ? `Sent: ${body.hash}` : body.message;
  };
}

/** @param {string} name @param {any} payload */
function logCallback(name, payload) {
  addRow(element("callbacks"), name, payload?.status ?? payload?.payment_method ?? "");
}

/** @param {string} id */
async function ask(id) {
  const answer = await fetch(`/orders/${encodeURIComponent(id)}`);
  if (!answer.ok) return;
  const order = await answer.json();
  element("status").textContent = order.status;
  let ended = true;
  for (const channel of ["webhook", "websocket", "polling"]) {
    const list = element(channel);
    list.replaceChildren();
    for (const news of order[channel]) addRow(list, news.status, new Date(news.heard_at).toLocaleTimeString("en-GB"));
    ended &&= TERMINAL.includes(order[channel].at(-1)?.status);
  }
  if (ended) clearInterval(asking);
}

/** @param {HTMLElement} list @param {string} what @param {string} note */
function addRow(list, what, note) {
  const row = document.createElement("li");
  const [left, right] = [document.createElement("span"), document.createElement("small")];
  left.textContent = what;
  right.textContent = note;
  row.append(left, right);
  list.append(row);
}
