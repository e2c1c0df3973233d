// What somebody had typed into a question when their session ended: theirs again when they have signed in and ask it
// anew. In memory only, one text, and nobody else's.

interface Unsent {
  /** Where it was asked, and what. */
  question: string;
  by: string;
  answered: unknown;
}

let unsent: Unsent | undefined;

export function keepUnsent(question: string, by: string, answered: unknown): void {
  unsent = { question, by, answered };
}

/** Once; whoever else comes ends it. */
export function takeUnsent<T>(question: string, by: string): T | undefined {
  if (unsent === undefined || (unsent.by === by && unsent.question !== question)) return undefined;
  const { answered, by: whose } = unsent;
  unsent = undefined;
  return whose === by ? (answered as T) : undefined;
}
