declare module "words:*" {
  const catalogue: import("./speak").Catalogue;
  export default catalogue;
}
