/** That page and server are of one version: after an upgrade the page that is open is the old one. */

const KEY = "so101-loaded-for";

/** The script that this page runs, by its path: the name changes with what is in it. */
const OWN = document.querySelector<HTMLScriptElement>("script[src]")?.src;

/** Loads the page anew where the server has another script than this page runs: once for each that it has. */
export function agreeWith(script: string): void {
  if (OWN === undefined || new URL(OWN).pathname === script) return;
  try {
    if (sessionStorage.getItem(KEY) === script) return;
    sessionStorage.setItem(KEY, script);
  } catch {
    // Where nothing may be kept it might be loaded again and again.
    return;
  }
  location.reload();
}
