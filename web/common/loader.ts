// The script that partners' pages load, and whether what comes from its address is what the server has there.

export const LOADER_PATH = "/widget.2.0.js";
const MANIFEST_PATH = "/.well-known/proof-integrity.json";

// A copy of the release before is no tampering.
const FRESH: RequestInit = { credentials: "omit", cache: "reload" };
// Of servers that are being exchanged for those of a new release, another one may have answered than is asked.
const ASKED_MAX = 4;

/**
 * False where it is neither `known` nor what a server of ours says to have. Without a secure context there is no digest, and without
 * an answer no verdict.
 */
export async function isLoaderOurs(origin: string, script = `${origin}${LOADER_PATH}`, known?: string): Promise<boolean> {
  if (!crypto.subtle) return true;
  try {
    const answer = await fetch(script, FRESH);
    if (!answer.ok) return true;
    const digest = await digestOf(await answer.arrayBuffer());
    if (digest === known) return true;
    for (let asked = 0; asked < ASKED_MAX; asked += 1) {
      const manifest = await fetch(`${origin}${MANIFEST_PATH}`, FRESH);
      if (!manifest.ok) return true;
      const { files } = (await manifest.json()) as { files: Record<string, string> };
      if (files[LOADER_PATH] === digest) return true;
    }
    return false;
  } catch {
    return true;
  }
}

async function digestOf(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
  return `sha384-${btoa(String.fromCharCode(...digest))}`;
}
