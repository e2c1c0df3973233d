// Filters live in the address: what is empty is not in it, and what is unknown is dropped.

export type Filters<K extends string> = Record<K, string>;

export function readFilters<K extends string>(query: string, names: readonly K[]): Filters<K> {
  const said = new URLSearchParams(query);
  return Object.fromEntries(names.map((name) => [name, (said.get(name) ?? "").trim()])) as Filters<K>;
}

/** In the order of the names, so that the same filters are the same address. */
export function writeFilters<K extends string>(filters: Filters<K>, names: readonly K[]): string {
  const query = new URLSearchParams();
  for (const name of names) if (filters[name] !== "") query.set(name, filters[name]);
  return query.toString();
}

export const isFiltered = <K extends string>(filters: Filters<K>): boolean => Object.values(filters).some((value) => value !== "");

export const withQuery = (path: string, query: string): string => (query === "" ? path : `${path}?${query}`);
