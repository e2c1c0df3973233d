// The bank's page in a page of ours that holds nothing else. That one may hold a page of any host, as banks have thousands; the
// app's own page may not, so that nobody who holds it can lead a card field to a page of theirs.

export const bankPath = (widget: string): string => `/frame/${widget}/bank`;

/** Puts the bank's page into ours, once ours is there. Its word that it is done carries nothing, and is heard from its own window and the processor's origin alone. */
export function holdBank(holder: HTMLIFrameElement, { address, title, onDone }: { address: string; title: string; onDone: () => void }): void {
  const { contentDocument: page, contentWindow: around } = holder;
  // Whoever holds the app may have led this frame to another page of ours.
  if (!page || !around || around.location.pathname !== new URL(holder.src).pathname) return;
  const bank = page.createElement("iframe");
  bank.title = title;
  bank.setAttribute("sandbox", "allow-scripts allow-forms allow-same-origin allow-popups");
  Object.assign(bank.style, { position: "fixed", inset: "0", width: "100%", height: "100%", border: "0" });
  around.addEventListener("message", ({ source, origin, data }: MessageEvent) => {
    if (source === null || source !== bank.contentWindow || origin !== new URL(address).origin) return;
    if ((data as { type?: unknown } | null)?.type === "three_ds.finished") onDone();
  });
  bank.src = address;
  page.body.append(bank);
}
