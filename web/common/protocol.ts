// What loader and frame must agree on.

/** Counted up whenever the frame needs something of the loader that an older one does not do. */
export const LOADER = 2;
