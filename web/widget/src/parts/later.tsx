// A screen whose file comes after the first one.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAlive } from "../hooks";
import type { LaterFile } from "../later";
import { messages } from "../messages";
import { Loading } from "../screens/blocked";
import { Missing } from "./missing";

export function Later<T>({ file, children }: { file: LaterFile<T>; children: (here: T) => ComponentChildren }) {
  const [here, setHere] = useState(file.here);
  const [missing, setMissing] = useState(false);
  const alive = useAlive();
  useEffect(() => {
    void file.want().then((came) => {
      if (!alive.current) return;
      setHere(came);
      setMissing(!came);
    });
  }, [file]);
  if (here) return <>{children(here)}</>;
  // Some browsers remember that a file did not come: a page that is loaded again asks for it again.
  return missing ? <Missing title={messages.later.title} text={messages.later.text} onAgain={() => location.reload()} /> : <Loading />;
}
