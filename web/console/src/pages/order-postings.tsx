// An order's entries in the books, each with its postings.

import { groupDigits, shortId, wordsOf } from "../format";
import { Clock } from "../parts/text";
import type { OrderStory } from "../wire";

type Posting = OrderStory["postings"][number];

export function Postings({ postings }: { postings: Posting[] }) {
  return (
    <div class="table-around" role="region" aria-label="Postings" tabIndex={0}>
      <table class="table dense">
        <thead>
          <tr><th scope="col">Entry</th><th scope="col">Account</th><th scope="col" class="number">Amount</th></tr>
        </thead>
        <tbody>
          {postings.map((posting, index) => {
            const before = postings[index - 1];
            const begins = before?.entry !== posting.entry || before.at !== posting.at;
            return (
              <tr key={index} class={begins ? "begins" : "goes-on"}>
                <td>{begins && <>{wordsOf(posting.entry)} <span class="muted small"><Clock at={posting.at} /></span></>}</td>
                <td><code class="account" title={posting.account}>{shortAccount(posting.account)}</code></td>
                <td class="number">{groupDigits(posting.amount)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Ids in accounts are long, and here they are mostly the order's own. */
export const shortAccount = (account: string): string => account.replace(/\b(ord|prt)_[0-9a-f]{32}\b/g, (id) => shortId(id));
