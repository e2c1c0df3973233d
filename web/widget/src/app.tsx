// The whole app: from the state of the session to one screen.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSession } from "./hooks";
import { LaterFile } from "./later";
import { messages } from "./messages";
import { Waiting } from "./parts/basics";
import { Cases } from "./parts/cases";
import { Connection, Footer, Header, PayUntil } from "./parts/frame";
import { Later } from "./parts/later";
import { screenKey, screenOf, type Local, type Screen } from "./screen";
import { BlockedScreen, codeOf, Loading } from "./screens/blocked";
import { Check } from "./screens/check";
import { Choice } from "./screens/choice";
import { Confirming } from "./screens/confirming";
import { Deposit } from "./screens/deposit";
import { HandedBack, HandoverScreen } from "./screens/handover";
import { DocumentChoice, IdentityIntro, IdentityRetry, IdentitySend, Review } from "./screens/identity";
import { EmailCodes } from "./screens/email";
import { KnownCode, KnownSelfie } from "./screens/known";
import { Late } from "./screens/late";
import { bought } from "./screens/outcome";
import { Pay } from "./screens/pay";
import { sold } from "./screens/sell-outcome";
import { Terms } from "./screens/terms";
import { ThreeDs } from "./screens/three-ds";
import type { Session, State } from "./session";
import type { View } from "./view";

const pictures = new LaterFile("pictures", () => import("./screens/pictures"));
/** Those before a camera: what it needs comes while they are read. */
const BEFORE_PICTURES: readonly Screen["name"][] = ["identity_intro", "known_selfie", "document_choice", "identity_retry"];

/** `logo`: the address of the partner's mark, where there is one. */
export function App({ session, logo }: { session: Session; logo: string | undefined }) {
  const state = useSession(session);
  const root = useRef<HTMLElement>(null);
  useEffect(() => {
    if (root.current) session.bridge.followHeight(root.current);
  }, [session]);
  const code = state.blocked && codeOf(state.blocked);
  useEffect(() => session.bridge.found(code ? [code] : state.findings), [session, code, state.findings]);
  return (
    <main class="app" ref={root}>
      {state.view && !state.blocked && <Header view={state.view} estimate={state.checked ? state.estimate : undefined} logo={logo} session={session} />}
      <Connection offline={state.offline} />
      <Body state={state} session={session} />
    </main>
  );
}

function Body({ state, session }: { state: State; session: Session }) {
  if (state.blocked) return <BlockedScreen blocked={state.blocked} session={session} />;
  if (!state.view) return <Loading />;
  return <Order state={state} view={state.view} session={session} />;
}

function Order({ state, view, session }: { state: State; view: View; session: Session }) {
  const [local, setLocal] = useState<Omit<Local, "checked">>({ introSeen: false, choosing: false, isOther: session.isOther });
  // Before any effect of a screen, so that the page hears of the widget first and of its content second.
  useLayoutEffect(() => {
    session.bridge.event("onReady");
  }, [session]);
  const screen = screenOf(view, { ...local, checked: state.checked });
  const isBeforePictures = BEFORE_PICTURES.includes(screen.name);
  useEffect(() => {
    if (isBeforePictures) void pictures.want();
  }, [isBeforePictures]);
  const known = () => setLocal({ ...local, introSeen: true, choosing: false, known: true });
  const choose = () => setLocal({ ...local, introSeen: true, choosing: true });
  const chosen = () => setLocal({ ...local, introSeen: true, choosing: false });
  return (
    <>
      <PayUntil view={view} clockAheadMs={state.clockAheadMs} />
      <div key={screenKey(screen)}>
        <Draw screen={screen} view={view} session={session} state={state} onChoose={choose} onChosen={chosen} onKnown={known} />
      </div>
      {screen.name !== "deposit" && <Cases view={view} session={session} />}
      <Footer view={view} session={session} />
    </>
  );
}

interface DrawProps {
  screen: Screen;
  view: View;
  session: Session;
  state: State;
  onChoose: () => void;
  onChosen: () => void;
  onKnown: () => void;
}

function Draw({ screen, view, session, state, onChoose, onChosen, onKnown }: DrawProps) {
  switch (screen.name) {
    case "check":
      return <Check view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "identity_intro":
      return <IdentityIntro view={view} session={session} onContinue={onChoose} onKnown={onKnown} />;
    case "known_selfie":
      return <KnownSelfie view={view} session={session} onOther={onChoose} />;
    case "known_code":
      return <KnownCode view={view} session={session} onOther={onChoose} />;
    case "email_codes":
      return <EmailCodes view={view} former={screen.former} session={session} onOther={onChoose} />;
    case "document_choice":
      return <DocumentChoice view={view} session={session} onChosen={onChosen} />;
    case "document_side":
      return <Later file={pictures}>{({ DocumentSide }) => <DocumentSide session={session} {...screen} onOther={onChoose} />}</Later>;
    case "liveness":
      return <Later file={pictures}>{({ Liveness }) => <Liveness view={view} session={session} onOther={onChoose} />}</Later>;
    case "identity_retry":
      return <IdentityRetry view={view} session={session} reason={screen.reason} onChoose={onChoose} />;
    case "handover":
      return <HandoverScreen view={view} handover={screen.handover} session={session} clockAheadMs={state.clockAheadMs} />;
    case "handed_back":
      return <HandedBack />;
    case "identity_send":
      return <IdentitySend session={session} />;
    case "identity_checking":
      return <Waiting words={messages.checking} />;
    case "review":
      return <Review view={view} />;
    case "pay":
      return <Pay view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "authorising":
      return <Waiting words={messages.authorising} />;
    case "three_ds":
      return <ThreeDs url={screen.url} session={session} />;
    case "terms":
      return <Terms view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "deposit":
      return <Deposit view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "confirming":
      return <Confirming view={view} />;
    case "choice":
      return <Choice view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "late":
      return <Late one={screen.one} view={view} session={session} clockAheadMs={state.clockAheadMs} />;
    case "progress":
    case "completed":
    case "failed":
    case "cancelled":
    case "expired": {
      const Outcome = (view.type === "sell" ? sold : bought)[screen.name];
      return <Outcome view={view} session={session} />;
    }
  }
}
