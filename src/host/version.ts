/** Which program this is: its version, the commit it was built from and the Bun that runs it. */
import { version } from "../../package.json";

export { version };

/** The commit, put in by the build; absent when run from source. */
declare const SO101_COMMIT: string;

/** One line: `so101 0.1.0 (commit 64c7b60, Bun 1.4.5)`. */
export const versionLine = `so101 ${version} (commit ${typeof SO101_COMMIT === "string" ? SO101_COMMIT : "unknown: run from source"}, Bun ${Bun.version})`;
