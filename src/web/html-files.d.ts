/** Pages that Bun bundles. */
declare module "*.html" {
  const page: unknown;
  export default page;
}
