// Who looks at a page, for everything below it.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Act, Me } from "../wire";
import { may } from "./session";

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("Nobody is signed in.");
  return me;
}

export const useMay = (act: Act): boolean => may(useMe(), act);
