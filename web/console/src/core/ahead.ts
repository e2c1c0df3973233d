// A sandbox's clock may have been moved ahead of everybody's; what "a minute ago" means goes by it.

import { Store } from "./store";

export const aheadSeconds = new Store(0);

export const sandboxNow = (): number => Date.now() + aheadSeconds.value * 1000;
