/** A certificate authority for tests, made by openssl in a folder of its own. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Need, program } from "./needs.ts";

/** What makes certificates. */
export const OPENSSL: Need = program("openssl", "openssl");

/** Who somebody is, in two files. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];

/** An authority; disposing removes its folder and every certificate that it has issued. */
export class CertificateAuthority implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one; two of the same name still do not know each other's certificates. */
  static async make(name = "so101 test"): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(await mkdtemp(join(tmpdir(), "so101-authority-")));
    const { certificate, key } = authority.#filesOf("ca");
    await Bun.$`openssl req -x509 ${NEW_KEY} -days 30 -subj /CN=${name} -keyout ${key} -out ${certificate}`.quiet();
    return authority;
  }

  /** The file with its own certificate: `ca_file` of the configuration. */
  get certificate(): string {
    return this.#filesOf("ca").certificate;
  }

  /** A certificate for a name, which is a client's user, and for these hosts; once made, the same files again. */
  async issue(name: string, hosts: readonly string[] = []): Promise<Identity> {
    const identity = this.#filesOf(name);
    if (existsSync(identity.certificate)) return identity;
    const names = hosts.map((host) => `${isIP(host) ? "IP" : "DNS"}:${host}`);
    const alternatives = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
    const by = this.#filesOf("ca");
    await Bun.$`openssl req -x509 ${NEW_KEY} -CA ${by.certificate} -CAkey ${by.key} -days 30 -subj /CN=${name} -addext basicConstraints=critical,CA:FALSE ${alternatives} -keyout ${identity.key} -out ${identity.certificate}`.quiet();
    return identity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  #filesOf(name: string): Identity {
    return { certificate: join(this.#folder, `${name}.crt`), key: join(this.#folder, `${name}.key`) };
  }
}
