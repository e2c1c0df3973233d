// What a person and the partner are told when the frame does not come up: a frame that the browser refused to show
// cannot say so itself.

export type Code = "embed_origin" | "embed_frame_blocked" | "embed_frame_slow" | "embed_frame_silent";

export interface Place {
  origin: string;
  widgetId: string;
}

export interface Checked {
  registered: boolean;
  origin: string;
  now_ms: number;
  loader: number;
}

// The frame says hello while it loads, so after its load event it is only the event loop that may be slow.
const GRACE_MS = 500;
const CHECK_MS = 1000;
// A frame whose document never ends has no load event. A good one on a slow line looks the same, so this is taken back.
const SLOW_MS = 1750;

/** That it failed, that it is slow, and what both have in common. */
const SORRY: Record<string, readonly [failed: string, slow: string, both: string]> = {
  en: ["The payment window could not be opened.", "The payment window takes longer than it should; it may still open.", "Nothing was charged. Tell the shop this code:"],
  es: ["No se pudo abrir la ventana de pago.", "La ventana de pago tarda más de lo normal; aún puede abrirse.", "No se ha cobrado nada. Indique este código a la tienda:"],
  de: ["Das Zahlungsfenster konnte nicht geöffnet werden.", "Das Zahlungsfenster braucht länger als üblich; es kann sich noch öffnen.", "Es wurde nichts abgebucht. Nennen Sie dem Shop diesen Code:"],
  fr: ["La fenêtre de paiement n’a pas pu s’ouvrir.", "La fenêtre de paiement met plus de temps que prévu ; elle peut encore s’ouvrir.", "Rien n’a été débité. Indiquez ce code à la boutique :"],
  pt: ["Não foi possível abrir a janela de pagamento.", "A janela de pagamento está demorando mais que o normal; ainda pode abrir.", "Nada foi cobrado. Informe este código à loja:"],
  tr: ["Ödeme penceresi açılamadı.", "Ödeme penceresinin açılması uzun sürüyor; yine de açılabilir.", "Hiçbir ücret alınmadı. Mağazaya bu kodu bildirin:"],
  ru: ["Окно оплаты не открылось.", "Окно оплаты открывается дольше обычного; оно ещё может открыться.", "Деньги не списаны. Сообщите магазину этот код:"],
  ar: ["تعذّر فتح نافذة الدفع.", "تستغرق نافذة الدفع وقتًا أطول من المعتاد، وقد تُفتح بعد قليل.", "لم يُخصم أي مبلغ. أخبر المتجر بهذا الرمز:"],
  zh: ["无法打开支付窗口。", "支付窗口打开较慢，稍后可能会打开。", "未扣款。请将此代码告知商店："],
  ja: ["決済画面を開けませんでした。", "決済画面の表示に時間がかかっています。このあと開くことがあります。", "請求は発生していません。次のコードをショップにお伝えください："],
};

/** `found` is called with what is wrong, if the frame has not said hello by then: at most once that it is slow, and once with what it was. */
export function watch(frame: HTMLIFrameElement, place: Place, isAlive: () => boolean, found: (code: Code) => void): () => void {
  let over = false;
  const slow = setTimeout(() => isAlive() || found("embed_frame_slow"), SLOW_MS);
  const end = (code?: Code) => {
    if (over) return;
    over = true;
    clearTimeout(slow);
    document.removeEventListener("securitypolicyviolation", violated);
    if (code) found(code);
  };
  const violated = (event: SecurityPolicyViolationEvent) => {
    if (blocksFrame(event, place.origin)) end("embed_frame_blocked");
  };
  document.addEventListener("securitypolicyviolation", violated);
  frame.addEventListener("load", () => {
    setTimeout(() => {
      if (isAlive()) return end();
      void whyNot(place).then((code) => (isAlive() ? end() : end(code)));
    }, GRACE_MS);
  });
  return () => end();
}

export function blocksFrame({ blockedURI, effectiveDirective, disposition }: SecurityPolicyViolationEvent, origin: string): boolean {
  const isFrame = ["frame-src", "child-src", "default-src"].includes(effectiveDirective);
  return disposition === "enforce" && isFrame && blockedURI.startsWith(origin);
}

async function whyNot(place: Place): Promise<Code> {
  if (self.origin === "null") return "embed_origin";
  const checked = await check(place);
  return checked?.registered === false ? "embed_origin" : "embed_frame_silent";
}

/** What the server knows of this page; nothing where it cannot be asked. */
export async function check({ origin, widgetId }: Place): Promise<Checked | undefined> {
  const asked = new AbortController();
  // Of the same time as all else here, which AbortSignal.timeout is not.
  setTimeout(() => asked.abort(), CHECK_MS);
  try {
    const answer = await fetch(`${origin}/embed/check/${encodeURIComponent(widgetId)}`, { signal: asked.signal, credentials: "omit", cache: "no-store" });
    return answer.ok ? ((await answer.json()) as Checked) : undefined;
  } catch {
    return undefined;
  }
}

/** A line in the partner's integration log. Text, so that no browser asks for permission first. */
export function report({ origin, widgetId }: Place, codes: readonly string[]): void {
  const body = JSON.stringify({ codes });
  // It is told, or it is not: the person's screen does not wait for it.
  fetch(`${origin}/embed/findings/${encodeURIComponent(widgetId)}`, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => undefined);
}

/** In the place of the frame, or above it while it may still come. Set through the object model, which no policy of the page forbids. */
export function notice(code: Code, lang: string | undefined, origin: string): HTMLElement {
  const language = (lang ?? navigator.language).slice(0, 2).toLowerCase();
  const box = document.createElement("div");
  box.setAttribute("role", "alert");
  box.dir = language === "ar" ? "rtl" : "ltr";
  Object.assign(box.style, { padding: "16px", border: "1px solid currentColor", borderRadius: "8px", font: "15px/1.5 system-ui, sans-serif" });
  const link = document.createElement("a");
  link.href = `${origin}/docs/partner/embed-doctor#${code}`;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.textContent = code;
  // Whatever colours the page has.
  link.style.color = "inherit";
  const [failed, slow, both] = SORRY[language] ?? (SORRY["en"] as (typeof SORRY)[string]);
  box.append(`${code === "embed_frame_slow" ? slow : failed} ${both} `, link);
  return box;
}
