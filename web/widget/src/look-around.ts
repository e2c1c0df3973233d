// What the page around this frame allows, as the frame sees it. Only what is known for certain counts: a browser that does not
// say finds nothing.

import { LOADER } from "../../common/protocol";

interface Policy {
  allowsFeature(name: string): boolean;
}

/** Codes of the embed doctor (docs, "Embed doctor"). */
export function lookAround(): string[] {
  const policy = (document as { featurePolicy?: Policy }).featurePolicy;
  const found: string[] = [];
  if (policy && !policy.allowsFeature("camera")) found.push("embed_camera");
  if (policy && !policy.allowsFeature("payment")) found.push("embed_payment");
  if (!hasStorage()) found.push("embed_storage");
  if (isWebView(navigator.userAgent) && !("PaymentRequest" in window) && !("ApplePaySession" in window)) found.push("embed_webview");
  return found;
}

export const isOldLoader = (loader: unknown): boolean => typeof loader !== "number" || loader < LOADER;

/** Reading is enough: where it is blocked, the name itself throws. Both kinds are blocked together, and the first look at each takes a while. */
function hasStorage(): boolean {
  try {
    return window.localStorage !== null;
  } catch {
    return false;
  }
}

/** Android says so; on iOS only Safari and its like name Safari. */
export const isWebView = (agent: string): boolean =>
  /Android.*; wv\)/.test(agent) || (/(iPhone|iPad|iPod).*AppleWebKit/.test(agent) && !/Safari\//.test(agent));
