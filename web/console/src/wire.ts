/**
 * What the console and its server say to each other, under `/console/api`. Times are RFC 3339, UTC.
 * Amounts are decimals as text with their unit beside them. A refused call answers `Refused`.
 */

export type Role = "owner" | "operator" | "reviewer" | "support" | "partner_admin" | "partner_developer";

/** What somebody may do, by their role. A partner's people may do it to their own partner only. */
export type Act =
  | "order_read"
  | "order_rule"
  | "case_read"
  | "case_rule"
  | "partner_read"
  | "partner_write"
  | "policy_write"
  | "contact_write"
  | "look_write"
  | "token_write"
  | "webhook_write"
  | "wallet_write"
  | "refusal_acknowledge"
  | "checklist_read"
  | "checklist_sign_operator"
  | "checklist_sign_partner"
  | "checklist_probe"
  | "sandbox_play"
  | "ledger_read"
  | "ledger_write"
  | "statement_read"
  | "listing_read"
  | "listing_write"
  | "member_read"
  | "member_write"
  | "audit_read"
  | "health_read"
  | "alert_acknowledge";

export type Refused = {
  error: string;
  /** `signed_out` (401): sign in again; `not_allowed` (403); `sign_in_again` (403): confirm who you are, then repeat. */
  code: string;
  message: string;
  field?: string;
  docs_url: string;
  request_id: string;
};

export type Named = { id: string; name: string };

export type Member = {
  id: string;
  /** The name that stands in every story: `alice`. */
  name: string;
  email: string;
  role: Role;
  /** Of a partner's people: their partner. */
  partner: Named | null;
  state: "active" | "disabled";
  created_at: string;
  signed_in_at: string | null;
};

/** `GET` and `POST partners/{id}/look`; null is the widget's own. */
export type Look = {
  /** `#rrggbb` */
  accent: string | null;
  /** Corners of buttons and cards, pixels. */
  radius: number | null;
  font: string | null;
  /** An address of our own; a new one is sent as `data:image/png;base64,…`. */
  logo: string | null;
};

/** `GET me`; also the answer of `POST sign-in` and of `POST invitations/{token}`. */
export type Me = {
  member: Member;
  may: Act[];
  /** When this session ends whatever happens. */
  ends_at: string;
  /** Until then money moves and keys change without another sign-in. */
  fresh_until: string;
  /** Of every asset (`USDT/TRC20`). */
  decimals: Record<string, number>;
};

/** `POST sign-in`, and `POST sign-in/again` (no name). `code` is six digits of the authenticator app. `POST sign-out`: no body. */
export type SignIn = { name: string; password: string; code: string };

/**
 * What the browser is asked for: `POST sign-in/passkey/challenge`, `sign-in/again/passkey/challenge`, `me/passkeys/challenge`,
 * `invitations/{token}/passkey/challenge` with `{ name }`. The answer goes to the same path without its end, once, within five minutes.
 * `options` is for `navigator.credentials`, with bytes as base64url.
 */
export type Ceremony<Asked = PublicKeyCredentialRequestOptionsJSON> = { ceremony: string; options: { publicKey: Plain<Asked> } };
export type MakeCeremony = Ceremony<PublicKeyCredentialCreationOptionsJSON>;
/** None of the extensions that we ask for has bytes in it. */
type Plain<Asked> = Omit<Asked, "extensions"> & { extensions?: AuthenticationExtensionsClientInputs };
export type Shown = {
  ceremony: string;
  credential: { id: string; rawId: string; type: string; response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle: string | null } };
};
export type Made = {
  ceremony: string;
  /** What its person calls it. */
  name: string;
  credential: { id: string; rawId: string; type: string; response: { clientDataJSON: string; attestationObject: string } };
};

/** `GET me/ways`; `POST me/passkeys` with `Made`, `me/passkeys/{id}/remove`, `me/password/remove`. */
export type Ways = { password: boolean; passkeys: Passkey[]; passkeys_max: number };
export type Passkey = { id: string; name: string; created_at: string; used_at: string | null };

/** `POST me/password/challenge`; then `POST me/password` with `PasswordNew`. */
export type AppSecret = { ceremony: string; otpauth_url: string; secret: string };
export type PasswordNew = { ceremony: string; password: string; code: string };

/** `GET invitations/{token}`; then `POST invitations/{token}` with `InvitationTake`, or `invitations/{token}/passkey` with `Made`. */
export type Invitation = {
  email: string;
  role: Role;
  partner: Named | null;
  /** Of somebody who is here already and was invited again: they keep it. */
  name: string | null;
  expires_at: string;
  /** For the authenticator app: `otpauth://totp/…`, and its secret in base32. */
  otpauth_url: string;
  secret: string;
};
export type InvitationTake = { name: string; password: string; code: string };

/** `GET members`; `POST members/invitations` with `InvitationNew` answers `{ url }`, to be handed over by hand; so does `POST members/{id}/invite-again`; `POST members/{id}/disable`. */
export type InvitationNew = { email: string; role: Role; partner: string | null };

/** `GET overview`: the last so many hours. */
export type Overview = {
  hours: number;
  /** Orders made in that time, by status. */
  statuses: { status: Status; count: number }[];
  /** How far those orders came, each step with how many reached it: session, identity, price, payment, completed. */
  funnel: { step: string; count: number }[];
  /** Each hour, the oldest first. */
  hourly: { at: string; created: number; completed: number; failed: number }[];
  /** What ended orders that failed, the most frequent first. */
  failures: { reason: string; count: number }[];
  /** Alerts: those that nobody has in hand. */
  waiting: { orders: number; cases: number; findings: number; webhooks_failing: number; alerts: number };
};

/** `GET overview/volume?environment`: what completed orders moved, by the day on which they completed (UTC). */
export type Volume = {
  days: number;
  /** The first day that is shown: later where there are more orders than are added up. `null`: not even today could be. */
  from: string | null;
  whole: boolean;
  /** Each currency in which something completed. */
  fiats: FiatVolume[];
};
export type FiatVolume = { currency: string; buys: Moved; sells: Moved; total: Moved; daily: { day: string; buys: Moved; sells: Moved; total: Moved }[] };
export type Moved = { orders: number; amount: string };

/** Something that is wrong with the installation, in the server's words. */
export type Alert = {
  id: string;
  kind: string;
  subject: string;
  headline: string;
  /** What to do about it. */
  advice: string;
  order: string | null;
  partner: string | null;
  since: string;
  opened_at: string;
  closed_at: string | null;
  /** Who has it in hand: until it is over. `POST alerts/{id}/acknowledge` with `{ note }`: 204. */
  acknowledged: { by: string; at: string; note: string } | null;
};

/** `GET settings`: tables of the configuration file. */
export type Settings = { data: { title: string; table: string; rows: { name: string; value: string }[] }[] };

/** `GET health`. */
export type Health = {
  /** `null`: the server has just begun. */
  looked_at: string | null;
  not_ready: string[];
  alerts: Alert[];
  closed: Alert[];
  database: string;
  life: "known" | "recovering" | "replaced";
  rails: { environment: "test" | "live"; rail: string; state: "well" | "failing" | "unused"; at: string | null; failures: number }[];
  chains: { environment: "test" | "live"; network: string; height: number | null; since: string | null; unread: number | null; lags: boolean }[];
  workers: { pool: string; beat_at: string | null; due: number; oldest: string | null }[];
  webhooks: { waiting: number; oldest: string | null; failing: number };
  wallets: { environment: "test" | "live"; asset: string; free: string; floor: string; low: boolean }[];
  /** `every_minutes` is `null` where the server takes none by itself. */
  backups: { every_minutes: number | null; continuous: { bound_seconds: number; age_seconds: number; behind: boolean; problem: string | null } | null; data: { place: string; taken_at: string; bytes: number; verified_at: string | null; problem: string | null }[] };
};

export type Status = "pending" | "processing" | "completed" | "failed" | "cancelled";

export type Order = {
  /** `merchant_transaction_id`. */
  id: string;
  partner: Named;
  environment: "test" | "live";
  partner_user_id: string;
  side: "buy" | "sell";
  status: Status;
  /** The state inside, finer than the status. */
  state: string;
  amount: string;
  currency: string;
  network: string;
  fiat_amount: string;
  fiat_currency: string;
  created_at: string;
  updated_at: string;
};

/** `GET orders?query&status&side&partner&environment&after&limit`. `environment`: `test` unless it is said. `query`: an id, or the beginning of one, or the whole of a partner's user id. */
export type Orders = { data: Order[]; next_cursor: string | null };

/** `GET orders/{id}`. */
/** The last step failed, in the words of who refused it, so many times in a row. */
export type Trouble = { why: string; tries: number; again_at: string };

export type OrderStory = {
  order: Order;
  /** What two operators could decide now: `approve`, `refund`, `return`, `refunded_by_bank`. */
  rulings: string[];
  /** What one operator wants already. */
  proposed: string | null;
  /** Why it waits for people. */
  why: string | null;
  looks_again_at: string | null;
  trouble: Trouble | null;
  events: { sequence: number; at: string; kind: string; body: unknown }[];
  postings: { at: string; entry: string; account: string; amount: string }[];
  cases: { case: string; kind: string; state: string; amount: string }[];
  transfers: { hash: string; network: string; explorer_url: string }[];
  /** `to`, `deposit` or `refund`; the fingerprint is what the user reads out. */
  addresses: { what: string; address: string; fingerprint: string }[];
  /** Everything that is known, as it is kept. */
  facts: unknown;
};

/** `POST orders/{id}/rule`, `POST cases/{id}/rule`. `text`: the bank's transfer of `refunded_by_bank`, the evidence of `contest`. Both answer `Ruled`. */
export type Rule = { act: string; reason: string; text?: string };
/** `POST orders/{id}/refund`; without an amount all that is left. */
export type Refund = { amount?: string; reason: string };
export type Ruled = { ruled: "proposed" | "done" };

/** `GET reviews`: what waits for people. */
export type Reviews = {
  /** Those that have waited longest; `…_total`: how many there are. */
  orders_total: number;
  cases_total: number;
  orders: { order: string; side: string; amount: string; stopped_in: string; why: string; since: string; proposed: string | null }[];
  cases: Case[];
  identity: IdentityWaits[];
  wishes: Wished[];
};

/** What somebody wants about a partner, and a second person has to want, too. */
export type Wished = {
  partner: Named;
  about: "policy" | "live" | "token" | "webhook" | "secret" | "origins" | "returns" | "wallets";
  by: string;
  at: string;
};

export type IdentityWaits = {
  id: string;
  order: string;
  environment: "test" | "live";
  amount: string;
  side: string;
  document: string;
  try_number: number;
  why: string;
  since: string;
  proposed: string | null;
};

/** `GET identity/{id}`: somebody whom two people look at. Pictures are fetched one by one, by their number. */
export type IdentityCheck = IdentityWaits & {
  state: "collecting" | "submitted" | "review" | "approved" | "rejected";
  order_status: string;
  email: string;
  provider: string;
  pictures: { document: string | null; side: string | null; step: string | null }[];
  decided_by: string[];
  /** What the user agreed to before the first picture. */
  consent: { text: string; at: string } | null;
  resembles: Resemblance[];
  listed: ListedName[];
  /** Of the sanctions lists that it was compared with; null where no name was read. */
  lists: string | null;
  has_lists: boolean;
};

/** `GET identity/{id}/findings`: what the provider read and measured. */
export type IdentityFindings = {
  name: string | null;
  born: string | null;
  document_number: string | null;
  issuer: string | null;
  valid_until: string | null;
  similarity: string | null;
  /** How many times as strong as what is around it a grid in the selfie is; nothing where it was not measured. */
  grid: string | null;
  notes: string[];
};

/** Somebody on a sanctions list, whose name is like that of the document. */
export type ListedName = { name: string; spelling: string; lists: string; id: string; percent: number; why: string };

/** Somebody with the same document, or the same face. */
export type Resemblance = {
  order: string;
  partner: string;
  partner_user_id: string;
  email: string;
  verdict: "approved" | "refused";
  reason: string | null;
  person: string | null;
  document: boolean;
  face: boolean;
  at: string;
};

/** `POST identity/{id}/rule`. */
export type IdentityRule = { act: string; reason: string; document_country?: string; person?: string; problem?: string };

/** `GET cases/{id}`. */
/** Money or crypto that went back to a user, or is about to. */
export interface Return {
  /** Of the entry in the books; of the order or its case while it is under way. */
  id: string;
  order: string;
  kind: "refund" | "refund_by_bank" | "return";
  amount: string;
  state: "done" | "not_asked" | "asked" | "refused" | "withheld" | "not_sent" | "sent";
  at: string;
  partner_name: string | null;
}

export type Case = {
  opened_at: string;
  /** Until when something can still be done about it. */
  due_at: string | null;
  case: string;
  order: string;
  kind: string;
  amount: string;
  about: string;
  state: string;
  why: string;
  proposed: string | null;
  rulings: string[];
  /** Only with one that is asked for by itself. */
  trouble: Trouble | null;
};

/** `GET partners`. */
export type PartnerListed = {
  id: string;
  name: string;
  kind: "treasury" | "user_wallet" | "managed";
  stage: "sandbox" | "live_watched" | "live" | "suspended";
  widget_id: string;
  contact_email: string;
  checklist: { green: number; of: number };
};
/** `GET partners/names`. */
export type PartnerNames = { data: Named[] };

/** `POST partners`; answers `PartnerMade`. Wallets: one for each pair of a treasury or managed partner. */
export type PartnerNew = {
  name: string;
  kind: PartnerListed["kind"];
  contact_email: string;
  origins: string[];
  /** `USDT/TRC20`. */
  pairs: string[];
  sells: boolean;
  fiats: string[];
  wallets: { pair: string; address: string }[];
  webhook_url: string | null;
};
/** `POST partners/{id}/about`: its people may change the contact, operators all of it. Answers `About`. */
export type About = Pick<PartnerListed, "name" | "kind" | "contact_email">;
/** `before`: as it was seen; `wallets`: of the sandbox, where another type wants them. */
export type AboutNew = About & { before: About; wallets: { pair: string; address: string }[] };

export type PartnerMade = { id: string; widget_id: string; client_token: string; webhook_secret: string | null };

/** `GET pairs`: what a partner can be given. */
export type Pairs = { pairs: string[]; fiats: string[] };

/** Play money or real money: `environment` of whatever is asked, `test` unless it is said. */
export type World = "test" | "live";
export type Wallet = { pair: string; address: string };

/** `GET partners/{id}?environment`: what it has in one of the two worlds. */
export type Partner = PartnerListed & {
  environment: World;
  origins: string[];
  /** Where the hosted page may send people back to. */
  returns: string[];
  wallets: Wallet[];
  /** What one person wants of its live keys and addresses; `POST partners/{id}/changes/agree` with a wish's `change` and `at` is the second word, `…/changes/{matter}/withdraw` takes it back. */
  changes: Wish[];
  tokens: Token[];
  webhook: Webhook | null;
  policy: Policy;
  /** What one person wants it to be: a second one saves exactly this. */
  policy_proposed: { by: string; at: string; policy: Policy } | null;
};
export type Change =
  | { what: "token"; others_end_after_seconds: number | null }
  | { what: "webhook_move"; before: string | null; url: string }
  | { what: "webhook_secret"; grace_seconds: number; force: boolean }
  | { what: "origin_add" | "origin_remove"; origin: string }
  | { what: "return_add" | "return_remove"; link: string }
  | { what: "wallets"; before: Wallet[]; wallets: Wallet[] };
export type Wish = { by: string; at: string; change: Change };
/**
 * With `?environment`: `POST partners/{id}/origins` and `…/origins/remove` with `{ origin }`, `…/returns` and `…/returns/remove` with
 * `{ link }`, `…/wallets` with `{ wallets }`, `…/webhook` with
 * `{ url }`, `…/webhook/rotate` with `{ grace_seconds }`. In live the first one proposes. Secrets are shown once, to whoever made it happen.
 */
export type ChangeSaid = Ruled & { client_token: string | null; webhook_secret: string | null };
/** `GET addresses/check?pair&address`. */
export type AddressSaid = { address: string | null; problem: string | null };
/** With `?environment`: `POST partners/{id}/webhook/enable`, `…/test`, `…/remove`. */

export type Token = {
  key_id: string;
  environment: "test" | "live";
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  /** When a browser was seen with it: it leaked. */
  exposed_at: string | null;
};
/** `POST partners/{id}/tokens` (one more, `{ environment }`) and `POST partners/{id}/tokens/rotate` with `{ environment, grace_seconds }` answer `ChangeSaid`; `POST partners/{id}/tokens/{key_id}/revoke`. */

export type Webhook = {
  url: string;
  state: "enabled" | "disabled";
  disabled_reason: string | null;
  failing_since: string | null;
  previous_secret_expires_at: string | null;
  /** `POST partners/{id}/webhook/status-url` with `{ url }`: where the shop says how often an event had an effect. */
  status_url: string | null;
};

/** `POST partners/{id}/policy` sends all of it back with the version that was read; answers `PolicySaid`: two people have to want the same. Bps: hundredths of a percent. */
export type Policy = {
  version: number;
  pairs: {
    asset: string;
    min: { asset: string; base: string };
    max: { asset: string; base: string };
    buys: boolean;
    sells: boolean;
    fees: Fees | null;
  }[];
  fiats: string[];
  fees: Fees;
  [more: string]: unknown;
};
export type PolicySaid = { ruled: "proposed" | "done"; policy: Policy | null };
export type Fees = { spread: number; processing: number; processing_fixed_minor: string; partner: number };

/** `GET partners/{id}/refusals?environment`: the integration log. `POST …/refusals/acknowledge` with `{ code, kind, note }`, without a kind for all of the code. */
export type Refusals = {
  data: {
    route: string;
    error: string;
    code: string;
    field: string | null;
    origin: string | null;
    message: string;
    count: number;
    first_seen: string;
    last_seen: string;
    request_id: string | null;
    docs_url: string;
    acknowledged: { by: string; at: string; note: string } | null;
    /** Nobody has looked at it, or it came again since. */
    is_new: boolean;
  }[];
};

/** `GET partners/{id}/deliveries?environment&state&after&limit`; `GET partners/{id}/deliveries/{id}`; `POST …/redeliver`. */
export type Delivery = {
  id: string;
  event_id: string;
  merchant_transaction_id: string | null;
  sequence: number;
  state: "pending" | "delivered" | "superseded" | "failed";
  attempts: number;
  next_attempt_at: string | null;
  created_at: string;
};
export type Deliveries = { data: Delivery[]; next_cursor: string | null };
export type DeliveryDetail = Delivery & {
  body: string;
  log: {
    number: number;
    url: string;
    started_at: string;
    duration_ms: number;
    status: number | null;
    headers: unknown;
    body_start: string | null;
    error: string | null;
  }[];
};

/** `GET partners/{id}/webhook/pace?environment`: from the event to the answer that accepted it, by the day of the event (UTC). */
export type Pace = PaceOf & { days: number; events_per_day_max: number; daily: (PaceOf & { day: string })[] };
export type PaceOf = {
  /** Of a day the latest, up to `events_per_day_max`. */
  events: number;
  accepted: number;
  /** Half were faster, and 95 of 100. */
  median_ms: number | null;
  p95_ms: number | null;
  /** Tried more than once, whatever came of it. */
  retried: number;
  gave_up: number;
};

/** `GET partners/{id}/checklist`. */
export type Checklist = {
  partner: Named;
  /** What the partner says it has; a line outside of it does not apply. */
  profile: Profile;
  declared_by: string | null;
  declared_at: string | null;
  lines: Line[];
  green: number;
  of: number;
  /** All that is applicable but LIVE-2 is green. */
  ready: boolean;
};
/** `GET partners/{id}/checklist/report`: Ed25519 over the bytes of `json` and of the PDF (base64), with the webhooks' key. */
export type Report = { json: string; json_signature: string; pdf: string; pdf_signature: string };
/** `GET partners/{id}/live`. */
export type Live = {
  /** Whether this server has anything that moves real money. */
  possible: boolean;
  opened_by: string | null;
  opened_at: string | null;
  override_reason: string | null;
  /** What one person wants already; a second one sends exactly this. */
  proposed: (LiveOpen & { by: string; at: string }) | null;
  /** Who wants a suspended partner to go on: "resume by bob: …". */
  resume_proposed: string | null;
};
/** `POST partners/{id}/live`: two people send the same. `…/suspend` with `{ reason }`: 204, at once; `…/resume` with `{ reason }`: two people. */
export type LiveOpen = {
  origins: string[];
  wallets: { pair: string; address: string }[];
  webhook_url: string | null;
  /** Of an owner, where not all is green. */
  override_reason: string | null;
};
/** The secrets are shown once, to the second. */
export type LiveOpened = Ruled & { client_token: string | null; webhook_secret: string | null };
/** `POST orders/{id}/watch`: whoever may decide has the page of this live order open; again every few seconds. */
export type Profile = { ios: boolean; android: boolean; wallet_payments: boolean };
export type LineState = "not_applicable" | "unseen" | "passing" | "failing" | "signed_off";
export type Line = {
  /** `ACC-1`. */
  id: string;
  text: string;
  who: "auto" | "probe" | "scan" | "person" | "auto_person" | "probe_person" | "scan_auto";
  state: LineState;
  /** In one sentence: why it is so, and what to do next. */
  why: string;
  next: string | null;
  evidence: {
    strength: "observed" | "inferred" | "attested";
    at: string;
    text: string;
    request_id: string | null;
    /** The integration log has this call. */
    logged: boolean;
    order: string | null;
  }[];
  /** Of a line that a person signs: who did. */
  signed: { by: string; at: string; note: string } | null;
  /** Whose people may sign it; null: nobody. */
  signs: "operator" | "partner" | null;
  /** Of COV lines: each pair with each side. */
  matrix: { pair: string; side: "buy" | "sell"; state: LineState; asked: boolean; at: string | null }[] | null;
  /** What a signature is given for: sent with it, it is refused when that has changed meanwhile. */
  basis: string;
};
/** `POST partners/{id}/checklist/pairs` with `{ pairs: PairAsked[] }`: what the partner's users will ask for; answers `Checklist`. */
export type PairAsked = { pair: string; side: "buy" | "sell" };
/** `POST partners/{id}/checklist/{line}/sign` with `{ note, basis }`, `POST …/unsign`; `POST partners/{id}/checklist/profile` with `Profile`; `POST partners/{id}/checklist/probe` starts what the server can provoke. Each answers `Checklist`. */

/** `GET clock`; `POST partners/{id}/sandbox/clock` with `{ advance: "45m" }` answers it, too. */
export type SandboxClock = { now: string; ahead_seconds: number; movable: boolean };
export type Scenario = { name: string; about: string; side: "buy" | "sell"; area: string; moves_clock: boolean; reaches: string[] };
export type Play = {
  id: string;
  scenario: string;
  state: "waiting" | "playing" | "reached" | "missed";
  by_hand: boolean;
  merchant_transaction_id: string | null;
  asked_at: string;
  reaches: string[];
  seen: { mark: string; at: string }[];
  problem: string | null;
};
/** `GET partners/{id}/sandbox`. `POST partners/{id}/sandbox/scenarios/{name}` answers the `Play`. */
export type Sandbox = { clock: SandboxClock; scenarios: Scenario[]; plays: Play[] };

/** `GET ledger?environment`. */
export type Ledger = {
  /** The house's own accounts. */
  balances: { account: string; amount: string; unit: string }[];
  /** What accounts of orders hold, summed: only those with something in them. */
  held: { kind: string; accounts: number; amount: string; unit: string }[];
  findings: { kind: string; subject: string; cause: string; found_at: string }[];
};
/** `GET ledger/held?environment&after&limit`: the same order by order. */
export type HeldAccount = { account: string; amount: string; unit: string; order: string | null };
/** `POST ledger/reconcile?environment` answers `Reconciled`; `POST ledger/check` answers `Checked`. */
export type Reconciled = { report_lines: number; orders: number; wallets: number; found: number; open: Ledger["findings"] };
export type Checked = { entries: number; accounts: number; mismatches: string[]; mismatches_total: number };
/** `GET partners/{id}/statements/{YYYY-MM-DD}?environment`. */
export type Statement = { day: string; json: string; json_signature: string; csv: string; csv_signature: string };
/** What `Statement.json` says; amounts are decimals, and empty where they do not apply. */
export type StatementRead = {
  lines: StatementLine[];
  fiat: Record<string, Record<string, string>>;
  crypto: Record<string, Record<string, string>>;
};
/** What the house's says, from `GET ledger/statements/{day}`: debit positive. */
export type HouseRead = {
  partners: { partner_id: string; fiat: StatementRead["fiat"]; crypto: StatementRead["crypto"] }[];
  accounts: { account: string; unit: string; opening: string; movements: { kind: string; lines: number; amount: string }[]; closing: string }[];
};
export type StatementLine = {
  at: string;
  entry_id: string;
  merchant_transaction_id: string;
  kind: string;
  fiat_currency: string;
  fiat_amount: string;
  currency: string;
  network: string;
  crypto_amount: string;
  hash: string;
  fees: string;
  partner_share: string;
};

/** `GET listings?query&kind&listed&after&limit`: with whom nobody deals; `POST listings` with `ListingNew`. */
export type Listing = {
  line: number;
  kind: string;
  value: string;
  is_listed: boolean;
  reason: string;
  said_by: string;
  at: string;
  /** Nothing was said later about the same. */
  is_latest: boolean;
};
export type ListingNew = { kind: "address" | "card" | "person"; value: string; is_listed: boolean; reason: string };

/** `GET audit/names`: what entries can be filtered by. */
export type AuditNames = { by: string[]; acts: string[] };
/** `GET audit?query&by&act&after&limit`: what people did, the latest first; `GET audit/{number}`: one of them. */
export type AuditEntry = {
  number: number;
  at: string;
  by: string;
  act: string;
  subject: string;
  before: unknown;
  after: unknown;
  ip: string;
  hash: string;
};

/** `GET treasury`: hot wallets, and coins that came to them unexpected. */
export type Treasury = {
  environment: "test" | "live";
  wallets: HotWallet[];
  arrivals: TreasuryArrival[];
};
export type HotWallet = {
  currency: string;
  network: string;
  address: string;
  on_chain: string | null;
  free: string;
  reserved: string;
  in_transit: string;
  at_deposits: string;
  /** In cold storage by the books; and, where the signer has an address for it, what the node says of that. */
  cold: string;
  cold_address: string | null;
  cold_on_chain: string | null;
  /** Above that, coins go there. */
  ceiling: string | null;
  floor: string;
  low: boolean;
  agrees: boolean | null;
  takes_fees: boolean;
  is_watched: boolean;
  unproven: boolean;
};
export type TreasuryArrival = {
  id: string;
  amount: string;
  currency: string;
  network: string;
  senders: string[];
  hash: string;
  explorer_url: string;
  state: "seen" | "held";
  seen_at: string;
  proposed: string | null;
};

/** `GET rates`. */
export type Rates = {
  environment: "test" | "live";
  age_seconds_max: number;
  rates: { currency: string; network: string; fiat_currency: string; price: string | null; at: string | null; state: "fresh" | "stale" | "missing" }[];
  fees: { network: string; fiat_currency: string; fee: string | null }[];
};

/** `GET rates/check`: what a user would be quoted now. */
export type PriceCheck = {
  fiat_currency: string;
  total: string;
  mid: string;
  unit_price: string;
  lines: { code: string; amount: string }[];
};
