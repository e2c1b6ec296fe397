/** The pages that are claimed, and the codes that claim one: what is kept of them, for how long, and by whose hand. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Claims } from "../../../src/web/access/claims.ts";
import { Codes } from "../../../src/web/access/codes.ts";
import { cookieOf, tokenIn } from "../../../src/web/access/cookie.ts";
import { needing, ROOT } from "../../support/needs.ts";

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 3600_000;
const MINUTE_MS = 60_000;

let top: string;
let dir: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "so101-claims-"));
  dir = join(top, "so101-web");
  mkdirSync(dir, { mode: 0o700 });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const file = () => join(dir, "claims.json");

describe("a claim", () => {
  test("is known by its token, which nothing on the disk could be made of", () => {
    const claims = new Claims(dir);
    const tokens = Array.from({ length: 20 }, () => claims.add("a phone", NOW));
    expect(new Set(tokens).size).toBe(20);
    for (const token of tokens) {
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(claims.idOf(token, NOW)).toBeString();
      expect(readFileSync(file(), "utf8")).not.toContain(token);
    }
    expect(lstatSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(["claims.json"]);
  });

  test("is not known by any other text", () => {
    const claims = new Claims(dir);
    const token = claims.add("a phone", NOW);
    const digest = JSON.parse(readFileSync(file(), "utf8")).claims[0].digest;
    const other = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    for (const said of [
      undefined,
      "",
      " ",
      token.slice(1),
      `${token}x`,
      other,
      digest,
      "null",
      "x".repeat(10_000),
    ]) {
      expect(claims.idOf(said, NOW)).toBeUndefined();
    }
  });

  test("lasts for 30 days, whatever is asked meanwhile", () => {
    const claims = new Claims(dir);
    const token = claims.add("a phone", NOW);
    expect(claims.idOf(token, NOW + 30 * DAY_MS - 1)).toBeString();
    expect(claims.idOf(token, NOW + 30 * DAY_MS)).toBeUndefined();
    expect(claims.list(NOW + 30 * DAY_MS)).toEqual([]);
  });

  test("of a clock that was wrong does not last for ever", () => {
    const claims = new Claims(dir);
    const token = claims.add("a phone", NOW + 400 * DAY_MS);
    expect(claims.idOf(token, NOW)).toBeUndefined();
  });

  test("is there after a restart, and over as soon as another process ends it", () => {
    const [server, command] = [new Claims(dir), new Claims(dir)];
    const [token, other] = [server.add("a phone", NOW), server.add("a tablet", NOW + 1)];
    expect(new Claims(dir).idOf(token, NOW)).toBeString();
    const [newest, oldest] = command.list(NOW);
    expect([newest?.name, oldest?.name]).toEqual(["a tablet", "a phone"]);
    expect(command.revoke(oldest!.id, NOW)).toBe(1);
    expect(server.idOf(token, NOW)).toBeUndefined();
    expect(server.idOf(other, NOW)).toBeString();
    expect(command.revoke("nothing", NOW)).toBe(0);
    expect(command.revoke("all", NOW)).toBe(1);
    expect(server.idOf(other, NOW)).toBeUndefined();
  });

  test("beyond the 32nd takes the place of the oldest", () => {
    const claims = new Claims(dir);
    const tokens = Array.from({ length: 33 }, (_, index) => claims.add(`page ${index}`, NOW + index));
    expect(claims.idOf(tokens[0], NOW + 40)).toBeUndefined();
    expect(claims.list(NOW + 40).length).toBe(32);
  });

  test("has a name that acts on nothing, however the browser calls itself", () => {
    const claims = new Claims(dir);
    claims.add(`\u001b[2J\u202e${"x".repeat(10_000)}`, NOW);
    const [claim] = claims.list(NOW);
    expect(claim?.name).toStartWith("\\u001b[2J\\u202e");
    expect(claim?.name.length).toBe(200);
  });

  test.each([
    "",
    "{",
    "[]",
    '{"claims":[{}]}',
    `{"claims":[{"digest":"${"0".repeat(64)}"}]}`,
    "x".repeat(100_000),
  ])("is none in a file that says something else, and the next one is kept", (text) => {
    writeFileSync(file(), text);
    const claims = new Claims(dir);
    expect(claims.list(NOW)).toEqual([]);
    expect(claims.idOf(claims.add("a phone", NOW), NOW)).toBeString();
  });

  test("is in a cookie that no script reads, and no other site sends", () => {
    expect(cookieOf("TOKEN", "http://pi.local:8101")).toBe(
      "so101_claim=TOKEN; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000",
    );
    expect(cookieOf("TOKEN", "https://arms.example.org")).toEndWith("; Secure");
    expect(tokenIn("a=b; so101_claim=TOKEN; c=d")).toBe("TOKEN");
    for (const cookies of [null, "", "so101_claim", "xso101_claim=TOKEN", ";;;", "=\u0000"]) {
      expect(tokenIn(cookies) ?? "").not.toBe("TOKEN");
    }
  });
});

describe("a code", () => {
  test("is read out without mistakes, kept as nothing that claims, and good once", () => {
    const [server, command] = [new Codes(dir), new Codes(dir)];
    const code = command.make(NOW);
    expect(code).toMatch(/^[2-9A-HJKMNP-RTV-Z]{8}$/);
    expect(readFileSync(join(dir, "code.json"), "utf8")).not.toContain(code);
    expect(lstatSync(join(dir, "code.json")).mode & 0o777).toBe(0o600);
    expect(server.take(`${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `, NOW)).toBe(true);
    expect(server.take(code, NOW)).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("is good for ten minutes, and until the next one is made", () => {
    const codes = new Codes(dir);
    const first = codes.make(NOW);
    const second = codes.make(NOW + 1);
    expect(codes.take(first, NOW + 2)).toBe(false);
    expect(codes.take(second, NOW + 1 + 10 * MINUTE_MS + 1)).toBe(false);
    expect(codes.take(second, NOW - 11 * MINUTE_MS)).toBe(false);
    expect(codes.take(second, NOW + 9 * MINUTE_MS)).toBe(true);
  });

  test("is not used up by wrong ones, which are no code", () => {
    const codes = new Codes(dir);
    const code = codes.make(NOW);
    for (const said of ["", "AAAAAAAA", code.slice(1), `${code}2`, "x".repeat(64)]) {
      expect(codes.take(said, NOW)).toBe(false);
    }
    expect(codes.take(code, NOW)).toBe(true);
  });
});

needing(ROOT).describe("root, in the folder of the page's user", () => {
  const NOBODY = 65_534;

  test("makes files that are that user's, and follows no link to another file", () => {
    chownSync(dir, NOBODY, NOBODY);
    chmodSync(top, 0o755);
    const secret = join(top, "secret");
    writeFileSync(secret, "root's", { mode: 0o600 });
    for (const name of ["claims.json", "code.json"]) symlinkSync(secret, join(dir, name));
    new Codes(dir).make(NOW);
    new Claims(dir).add("a phone", NOW);
    expect(readFileSync(secret, "utf8")).toBe("root's");
    for (const name of ["claims.json", "code.json"]) {
      const stats = lstatSync(join(dir, name));
      expect([stats.isFile(), stats.uid, stats.mode & 0o777]).toEqual([true, NOBODY, 0o600]);
    }
  });

  test("takes no claims from a link, a pipe or a file of two names", () => {
    const planted = join(top, "planted.json");
    const claims = new Claims(top);
    const token = claims.add("a phone", NOW);
    rmSync(planted, { force: true });
    symlinkSync(join(top, "claims.json"), file());
    expect(new Claims(dir).idOf(token, NOW)).toBeUndefined();
    rmSync(file());
    Bun.spawnSync(["mkfifo", file()]);
    expect(new Claims(dir).list(NOW)).toEqual([]);
    rmSync(file());
    Bun.spawnSync(["ln", join(top, "claims.json"), file()]);
    expect(new Claims(dir).idOf(token, NOW)).toBeUndefined();
    rmSync(file());
    // It leads to itself: nobody can look at what is there.
    symlinkSync("claims.json", file());
    expect(new Claims(dir).idOf(token, NOW)).toBeUndefined();
  });
});
