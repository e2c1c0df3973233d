// What a person changed, from what was before and what is after.

export interface Change {
  /** `policy.fees.spread`; empty for the whole. */
  path: string;
  before: string | undefined;
  after: string | undefined;
}

const CHANGES_MAX = 200;

export function changesOf(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  walk("", before ?? undefined, after ?? undefined, changes);
  return changes.slice(0, CHANGES_MAX);
}

function walk(path: string, before: unknown, after: unknown, changes: Change[]): void {
  // A tree that came or went is told leaf by leaf; one that became something else, as a whole.
  if (areTrees(before, after)) return walkTrees(path, before ?? {}, after ?? {}, changes);
  const [was, is] = [leaf(before), leaf(after)];
  if (was !== is) changes.push({ path, before: was, after: is });
}

function walkTrees(path: string, before: unknown, after: unknown, changes: Change[]): void {
  const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>];
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    walk(path === "" ? name : `${path}.${name}`, Object.hasOwn(was, name) ? was[name] : undefined, Object.hasOwn(is, name) ? is[name] : undefined, changes);
  }
}

const isTree = (value: unknown): value is object => typeof value === "object" && value !== null;
const hasLeaves = (value: unknown): boolean => isTree(value) && Object.keys(value).length > 0;

function areTrees(before: unknown, after: unknown): boolean {
  const both = [before, after].every((value) => value === undefined || isTree(value));
  return both && (hasLeaves(before) || hasLeaves(after)) && Array.isArray(before ?? after) === Array.isArray(after ?? before);
}

/** Text as it is, so that nothing but text needs quotes to be told apart. */
function leaf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
