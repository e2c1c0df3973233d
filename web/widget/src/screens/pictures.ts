// The screens with a camera, in a file of their own: whoever is known never sees them, and nobody sees them first.

export { DocumentSide } from "./document-side";
export { Liveness } from "./liveness";
