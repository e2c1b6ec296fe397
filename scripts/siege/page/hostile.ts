/**
 * A hostile client of the page's port: `hostile.ts PORT SECONDS SEED stands|moves TOKEN`. Does all that no page does, for so
 * long; prints a line of JSON: what was tried, and each request that was obeyed and should not have been.
 */
import { Random } from "../../random.ts";

const [, , port = "", seconds = "1", seed = "0", pair = "stands", token = ""] = process.argv;
const random = new Random(Number(seed));
const endMs = performance.now() + Number(seconds) * 1e3;
const own = `127.0.0.1:${port}`;
const obeyed = new Set<string>();
let tried = 0;

/** How long an answer is waited for, ms: what is not whole is never answered. */
const PATIENCE_MS = 300;
const CROWD = 1_000;

/** Says bytes; what came back by the time, or before the other side ended it. */
async function say(bytes: string | Uint8Array, patienceMs = PATIENCE_MS): Promise<string> {
  tried++;
  let heard = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  try {
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(port),
      socket: {
        open: (opened) => void opened.write(bytes),
        data(_, data) {
          heard += data.toString("latin1");
          if (heard.includes("\r\n\r\n")) setTimeout(resolve, 5);
        },
        close: () => resolve(),
        error: () => resolve(),
      },
    });
    await promise;
    socket.terminate();
  } catch {}
  clearTimeout(timer);
  return heard;
}

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly host?: string;
  readonly origin?: string;
  readonly type?: string;
  readonly cookie?: string;
  readonly body?: string;
}

const request = ({ method = "POST", path, host = own, origin, type, cookie, body = "" }: Asked): string => {
  const headers = { host, origin, cookie, "content-type": type, "content-length": `${body.length}` };
  const lines = Object.entries(headers).map(([name, value]) =>
    value === undefined ? "" : `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
};

const rubbish = (length: number) => Uint8Array.from({ length }, () => random.whole(0, 255));
const JSON_TYPE = "application/json";
const PATHS = [
  "/pairs/control/buttons",
  "/buttons",
  "/claims",
  "/revoke",
  "/metrics",
  "/live",
  "/pairs/control/claim",
];
const STRANGERS = [
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1@evil.example",
  "",
  "a b",
  "x".repeat(300),
];
/** What would move an arm or change something, from a page that is not claimed. */
const FORBIDDEN = [
  { path: "/pairs/control/buttons", body: '{"action":"resume"}' },
  { path: "/revoke", body: '{"id":"all"}' },
  { path: "/claim-by-code", body: '{"code":"AAAAAAAA"}' },
  { path: "/claim-by-board", body: "{}" },
] as const;
const COOKIES = [
  () => `so101_claim=${token}`,
  () => `so101_claim=${Buffer.from(rubbish(32)).toString("base64url")}`,
  () => "so101_claim=",
  () => `so101_claim=${"A".repeat(4_000)}`,
  () => `so101_claim=__proto__; so101_claim=${token}`,
];

/** Asks for what an unclaimed page may not have: whoever is obeyed has got in. */
async function forbidden(): Promise<void> {
  // To begin a claim pauses the pair, as it should.
  const { path, body } = random.of(pair === "moves" ? FORBIDDEN.slice(0, 3) : FORBIDDEN);
  const asked = { path, body, origin: `http://${own}`, type: JSON_TYPE, cookie: random.of(COOKIES)() };
  const answer = await say(request(asked), 2_000);
  if (/"done":\s*true|set-cookie/i.test(answer)) obeyed.add(`${path} ${body} was obeyed`);
}

const ATTACKS: readonly (() => Promise<unknown>)[] = [
  () => say(rubbish(random.whole(1, 4_000))),
  () => say(`GET / HTTP/1.1\r\nHost: ${own}`),
  () => say(`GET / HTTP/1.1\r\nHost: ${own}\r\nX: ${"x".repeat(random.whole(1, 30_000))}`),
  () =>
    say(`${random.of(["PUT", "TRACE", "CONNECT", "OPTIONS", "\u0000"])} / HTTP/1.1\r\nHost: ${own}\r\n\r\n`),
  () =>
    say(
      request({
        method: "GET",
        path: random.of(["/../../etc/passwd", "/%2e%2e/etc/shadow", "//", "/%", "*"]),
      }),
    ),
  () => say(request({ path: random.of(PATHS), type: JSON_TYPE, body: "x".repeat(random.whole(0, 60_000)) })),
  () =>
    say(
      `POST /buttons HTTP/1.1\r\nHost: ${own}\r\nOrigin: http://${own}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: 900\r\n\r\n{`,
    ),
  async () => {
    const host = random.of(STRANGERS);
    const answer = await say(
      request({
        path: "/buttons",
        host,
        origin: `http://${host}`,
        type: JSON_TYPE,
        body: '{"action":"pause"}',
      }),
    );
    if (/"done":\s*true/.test(answer)) obeyed.add(`the Host ${host} was taken`);
  },
  async () => {
    const origin = random.of(["http://evil.example", "null", `https://${own}.evil.example`, undefined]);
    const type = random.of([JSON_TYPE, "text/plain"]);
    const answer = await say(
      request({ path: "/buttons", ...(origin && { origin }), type, body: '{"action":"pause"}' }),
    );
    if (/"done":\s*true/.test(answer)) obeyed.add(`the Origin ${origin} was taken`);
  },
  forbidden,
  forbidden,
  () => webSocket(random.of(["{}", "x".repeat(200_000), ""])),
  crowd,
];

/** A WebSocket that says something, or nothing and is left alone. */
function webSocket(said: string): Promise<void> {
  tried++;
  const socket = new WebSocket(`ws://${own}/live`, { headers: { origin: `http://${own}` } } as never);
  if (said !== "") socket.addEventListener("open", () => socket.send(said));
  return new Promise((resolve) => {
    for (const end of ["close", "error"]) socket.addEventListener(end, () => resolve());
    setTimeout(() => {
      socket.terminate();
      resolve();
    }, 200);
  });
}

/** As many connections as no machine's pages make, half of which say the half of something. */
async function crowd(): Promise<void> {
  tried += CROWD;
  const open = await Promise.all(
    Array.from({ length: CROWD }, async (_, index) => {
      const text = index % 2 === 0 ? "" : `GET / HTTP/1.1\r\nHost: ${own}\r\nX: ${"x".repeat(4_000)}`;
      const socket = { open: (opened: Bun.Socket) => void opened.write(text), data() {}, error() {} };
      return Bun.connect({ hostname: "127.0.0.1", port: Number(port), socket }).catch(() => undefined);
    }),
  );
  await Bun.sleep(500);
  for (const socket of open) socket?.terminate();
}

while (performance.now() < endMs) {
  await Promise.all(Array.from({ length: 8 }, () => random.of(ATTACKS)()));
}
console.log(JSON.stringify({ tried, obeyed: [...obeyed] }));
process.exit();
