/** A screen's style sheet: the bundler puts them together. */
declare module "*.css";
