/** The broker that tests start. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { connectAsync } from "mqtt";
import { CertificateAuthority, OPENSSL } from "./certificates.ts";
import { MOSQUITTO, Mosquitto } from "./mosquitto.ts";
import { needing } from "./needs.ts";

const { test } = needing(MOSQUITTO, OPENSSL);
const ONCE = { protocolVersion: 5, reconnectPeriod: 0 } as const;

test("a broker that was killed comes back on its port", async () => {
  await using broker = await Mosquitto.start();
  const before = await connectAsync(broker.url, ONCE);
  const closed = new Promise<void>((resolve) => before.on("close", resolve));
  const { url } = broker;
  await broker.restart();
  await closed;
  expect(broker.url).toBe(url);
  const after = await connectAsync(broker.url, ONCE);
  await after.endAsync();
});

test("a broker with certificates lets in whom its authority knows, to write where the access list lets them", async () => {
  await using authority = await CertificateAuthority.make();
  await using stranger = await CertificateAuthority.make();
  const access = "pattern write so101/%u/#\n";
  await using broker = await Mosquitto.start({ authority, clients: "with certificates", access });
  const connectAs = async (by: CertificateAuthority) => {
    const { certificate, key } = await by.issue("desk");
    const files = { ca: authority.certificate, cert: certificate, key };
    const read = Object.entries(files).map(([name, path]) => [name, readFileSync(path)]);
    return connectAsync(broker.url, { ...ONCE, ...Object.fromEntries(read) }, false);
  };
  await expect(connectAs(stranger)).rejects.toThrow();
  const desk = await connectAs(authority);
  await desk.publishAsync("so101/desk/main/status", "online", { qos: 1 });
  await expect(desk.publishAsync("so101/lab/main/status", "online", { qos: 1 })).rejects.toThrow(
    "Not authorized",
  );
  await desk.endAsync();
});
