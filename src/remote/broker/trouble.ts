/** What goes wrong with a broker, as data: by what the system, TLS or the broker itself has said. */

import { isSystemError } from "../../linux/system-error.ts";
import type { BrokerTrouble, CertificateFlaw } from "../../messages/broker.ts";

/** The broker cannot be used; the trouble says why. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly trouble: BrokerTrouble;

  constructor(trouble: BrokerTrouble) {
    super(JSON.stringify(trouble));
    this.trouble = trouble;
  }
}

/** Whom was spoken to. */
interface Spoken {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
}

/** What has failed, whatever was thrown or emitted. */
export function troubleOf(error: unknown, spoken: Spoken): BrokerTrouble {
  if (error instanceof BrokerError) return error.trouble;
  const { code, message = "" } = Object(error) as { code?: unknown; message?: string };
  if (typeof code === "number") return refusalOf(code, spoken.user);
  if (typeof code === "string") {
    const flaw = certificateFlaws.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
    if (flaw !== undefined) return { kind: "certificate", flaw, host: spoken.host };
    if (
      /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/.test(`${code} ${message}`)
    )
      return { kind: "no TLS" };
  }
  if (isSystemError(error) || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return ofSystem(String(code), spoken);
  if (/SSL|TLS|CERT/i.test(`${String(code)} ${message}`))
    return { kind: "TLS", fact: message || String(code) };
  return { kind: "failed", fact: message };
}

function ofSystem(code: string, { host, port }: Spoken): BrokerTrouble {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return { kind: "unknown host", host };
    case "ECONNREFUSED":
      return { kind: "nobody listens", port };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
      return { kind: "unreachable" };
    case "ETIMEDOUT":
      return { kind: "silent" };
    default:
      return { kind: "lost" };
  }
}

/** The words of OpenSSL and of the alerts of TLS, RFC 8446 section 6.2. */
const certificateFlaws: readonly (readonly [RegExp, CertificateFlaw])[] = [
  [/CERTIFICATE_REQUIRED|certificate required/i, "wanted"],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA)|alert (bad certificate|unknown ca|certificate)/i,
    "not accepted",
  ],
  [/CERT_HAS_EXPIRED/, "expired"],
  [/CERT_NOT_YET_VALID/, "not yet valid"],
  [/ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH/, "other name"],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE)|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA/,
    "unknown authority",
  ],
];

/** A reason code of MQTT 5, section 2.4, in CONNACK, DISCONNECT or an acknowledgement. */
export function refusalOf(reasonCode: number, user: string | undefined): BrokerTrouble {
  switch (reasonCode) {
    case 0x84:
      return { kind: "no MQTT 5" };
    case 0x86:
      return { kind: "bad user", user };
    case 0x87:
      // Mosquitto's answer to a wrong password, too.
      return user === undefined ? { kind: "not authorised" } : { kind: "bad user", user };
    case 0x8a:
      return { kind: "banned" };
    case 0x88:
    case 0x89:
    case 0x8b:
    case 0x93:
    case 0x96:
    case 0x97:
    case 0x9f:
      return { kind: "busy" };
    default:
      return { kind: "refused", reasonCode };
  }
}
