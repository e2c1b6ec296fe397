/** The compiled program that end-to-end tests drive. */
import { join } from "node:path";

/** Where `make build` puts the program for this machine's processor. */
export const programPath = join(
  import.meta.dir,
  "../../dist",
  `so101-linux-${process.arch === "arm64" ? "arm64" : "x64"}`,
);
