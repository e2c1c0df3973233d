// A code of the embed doctor, with the page that says what it means; and what it is to the person who sees it.

import { messages } from "../messages";

/** A person tells the shop, and the shop looks it up. */
export const Code = ({ code }: { code: string }) => (
  <a class="codes" href={`/docs/partner/embed-doctor#${encodeURIComponent(code)}`} target="_blank" rel="noopener noreferrer">{code}</a>
);

export const Finding = ({ code }: { code: string }) => <p class="finding">{messages.finding(code)} <Code code={code} /></p>;
