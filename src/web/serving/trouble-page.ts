/** A page in the page's place: what keeps it from being shown, and what to do. It comes again by itself until that is over. */
import type { ListenAddress } from "../../config/web.ts";
import { isOwnHost } from "../http/hosts.ts";
import { HEADERS } from "../http/page-files.ts";
import { refusal } from "../http/replies.ts";
import { listening } from "./listening.ts";

/** The server of such a page. */
export interface TroubleServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A browser asks again so often. */
const AGAIN_S = 5;

const STYLE =
  "body{max-width:46rem;margin:0 auto;padding:1rem;font:1rem/1.45 system-ui,sans-serif}p{overflow-wrap:anywhere}";

/** Serves it, at every path; `text` says what is wrong. Throws {@link CannotListen}. */
export function serveTrouble(address: ListenAddress, text: () => string): TroubleServer {
  const server = listening(address, () =>
    Bun.serve({
      ...address,
      maxRequestBodySize: 0,
      fetch(request) {
        if (!isOwnHost(request.headers.get("host"))) {
          return refusal(421, "This machine has no such name: open its address, or NAME.local.");
        }
        return new Response(pageOf(text()), { status: 503, headers: headers() });
      },
      error: () => refusal(500, "The page's own program has failed in this."),
    }),
  );
  return { url: server.url.href, port: server.port!, stop: () => server.stop(true) };
}

function headers(): Record<string, string> {
  const digest = new Bun.CryptoHasher("sha256").update(STYLE).digest("base64");
  return {
    ...HEADERS,
    "content-security-policy": `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "retry-after": `${AGAIN_S}`,
  };
}

function pageOf(text: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="${AGAIN_S}">
<title>SO-101: in trouble</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>The page of the arms cannot be shown</h1>
<p role="alert">${Bun.escapeHTML(text)}</p>
<p>The arms do not need this page: their service goes on. On the machine, "so101 pause" and "so101 release" always work.</p>
<p>This is tried again every ${AGAIN_S} seconds; the page comes by itself.</p>
</main>
</body>
</html>
`;
}
