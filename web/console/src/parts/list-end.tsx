// Below a list that is read page by page: the next page, or that this is all.

import type { Pages } from "../core/pages";
import { Button } from "./basics";

export function ListEnd<T>({ pages, counted }: { pages: Pages<T>; counted: string }) {
  if (!pages.rows?.length) return null;
  return (
    <p class="list-end">
      {pages.hasMore && <Button onClick={pages.more} isBusy={pages.isMore}>Load more</Button>}
      <span class="muted small">{pages.hasMore ? `${counted} loaded.` : `${counted}; the list ends here.`}</span>
    </p>
  );
}
