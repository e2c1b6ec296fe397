/** What stands between this machine and its broker, in words: what happened, and what to do now. */

/** Which certificate is not as it must be, and how. */
export type CertificateFlaw =
  /** The broker's. */
  | "unknown authority"
  | "expired"
  | "not yet valid"
  | "other name"
  /** Ours: it shows none, or one that the broker does not take. */
  | "wanted"
  | "not accepted";

/** Why there is no connection to the broker, or none that is of use. */
export type BrokerTrouble =
  /** A file that is needed for it cannot be used. */
  | { readonly kind: "file"; readonly path: string; readonly fact: string }
  /** No machine of this name is known. */
  | { readonly kind: "unknown host"; readonly host: string }
  /** The machine is there, and nobody listens. */
  | { readonly kind: "nobody listens"; readonly port: number }
  /** No way leads there. */
  | { readonly kind: "unreachable" }
  /** Nothing has answered in time. */
  | { readonly kind: "silent" }
  /** It ended the connection before it said anything: it may want TLS, or speak something else. */
  | { readonly kind: "hung up"; readonly tls: boolean }
  /** What answers does not speak TLS, or not MQTT 5. */
  | { readonly kind: "no TLS" | "no MQTT" | "no MQTT 5" }
  | { readonly kind: "certificate"; readonly flaw: CertificateFlaw; readonly host: string }
  /** The TLS library's own word for it. */
  | { readonly kind: "TLS"; readonly fact: string }
  /** It knows no such user, or the password is another. */
  | { readonly kind: "bad user"; readonly user: string | undefined }
  /** It does not let us in. */
  | { readonly kind: "not authorised" | "banned" }
  /** Its access list does not let us use a topic. */
  | { readonly kind: "topic denied"; readonly topic: string; readonly what: "read" | "write" }
  /** It refuses for now: it is busy, shuts down, or has too many. */
  | { readonly kind: "busy" }
  /** It refuses with a reason code of MQTT 5 that is none of those above. */
  | { readonly kind: "refused"; readonly reasonCode: number }
  /** A connection that was there has ended. */
  | { readonly kind: "lost" }
  /** Something else has failed here. */
  | { readonly kind: "failed"; readonly fact: string }
  /** Nothing came or went on it for too long, and it was given up. */
  | { readonly kind: "stuck" };

/** What a service is told it is, so that it need not know all of these. */
export type BrokerTroubleClass = "no broker" | "refused" | "certificate";

/** Of which of three classes it is. */
export function classOfBrokerTrouble({ kind }: BrokerTrouble): BrokerTroubleClass {
  switch (kind) {
    case "certificate":
    case "TLS":
    case "no TLS":
      return "certificate";
    case "file":
    case "bad user":
    case "not authorised":
    case "banned":
    case "topic denied":
    case "refused":
    case "no MQTT 5":
      return "refused";
    default:
      return "no broker";
  }
}

const CLOCKS = 'and that both machines\' clocks are right ("date")';

const flaws: Readonly<Record<CertificateFlaw, (host: string) => string>> = {
  "unknown authority": () =>
    "its certificate is of an authority that is not known here — name that authority's certificate in ca_file " +
    "(--broker-ca)",
  expired: () => `its certificate has expired — give the broker a new one, ${CLOCKS}`,
  "not yet valid": () => `its certificate is not valid yet — see to it, ${CLOCKS}`,
  "other name": (host) =>
    `its certificate is not for ${host} — use the name that it is for in the broker's URL, or give the broker one for this name`,
  wanted: () =>
    "it wants a certificate of this machine — name one in certificate_file and key_file (--broker-certificate, " +
    "--broker-key)",
  "not accepted": () =>
    "it does not accept the certificate of this machine — it must be of the broker's authority, and valid now",
};

/** Two machines have one name at the broker; `machine` is that, where it is known. */
export function sayNameTwice(machine: string | undefined): string {
  return (
    `two machines call themselves ${machine ?? "by this machine's name"} at the broker, and each hides the other — give one ` +
    "of them another name: machine in [network] of its configuration (--machine)"
  );
}

/** What happened, and after a dash what to do: a clause that follows "the broker at … cannot be used: ". At most 200 characters. */
export function sayBrokerTrouble(trouble: BrokerTrouble): string {
  return words(trouble).slice(0, 200);
}

function words(trouble: BrokerTrouble): string {
  switch (trouble.kind) {
    case "file":
      return `${trouble.path}: ${trouble.fact}`;
    case "unknown host":
      return `no machine called ${trouble.host} is known here — check the name, and the network`;
    case "nobody listens":
      return `nobody listens at port ${trouble.port} there — start the broker, or have it listen there`;
    case "unreachable":
      return "no way leads there — check the network of both machines";
    case "silent":
      return "nothing answers there — check its address, the network, and firewalls between";
    case "hung up":
      return trouble.tls
        ? "it hung up at once — look into its log"
        : "it hung up at once — perhaps it wants TLS: then its URL begins with mqtts; else look into its log";
    case "no TLS":
      return "it does not speak TLS at this port — use its other port, or mqtt in place of mqtts in a network you trust";
    case "no MQTT":
      return "what answers there is no MQTT broker — check the port";
    case "no MQTT 5":
      return "it does not speak MQTT 5 — Mosquitto does from 1.6 on";
    case "certificate":
      return flaws[trouble.flaw](trouble.host);
    case "TLS":
      return `TLS failed (${trouble.fact.slice(0, 80)}) — check the certificates, and look into its log`;
    case "bad user":
      return trouble.user === undefined
        ? "it lets nobody in without a name — set user and password_file (--broker-user, --broker-password-file)"
        : `it does not know the user ${trouble.user.slice(0, 40)}, or the password is another — check user and password_file`;
    case "not authorised":
      return "it does not let this machine in — it needs a user and a password, or a certificate, that the broker knows";
    case "banned":
      return "it has banned this machine — look into its log";
    case "topic denied":
      return `its access list does not let this machine ${trouble.what} ${trouble.topic.slice(0, 80)} — add that there`;
    case "busy":
      return "it takes no more for now — this is tried again";
    case "refused":
      return `it refuses, with reason 0x${trouble.reasonCode.toString(16)} of MQTT 5 — look into its log`;
    case "lost":
      return "the connection has ended — this is tried again";
    case "failed":
      return `it failed here (${trouble.fact.slice(0, 120)}) — please report it`;
    case "stuck":
      return "nothing gets through — check the network of both machines";
  }
}
