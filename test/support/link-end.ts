/** An end of a link for its test: `link-end.ts ADDRESS` echoes datagrams; `link-end.ts ADDRESS COUNT` sends so many and prints how long each echo took, ms. */
const PORT = 7_000;
const PATIENCE_MS = 300;
const [address = "", count] = process.argv.slice(2);

if (count === undefined) {
  await Bun.udpSocket({
    ...{ hostname: address, port: PORT },
    socket: { data: (socket, bytes, port, from) => void socket.send(bytes, port, from) },
  });
  console.log("listening");
} else {
  const sentMs: number[] = [];
  const tookMs: number[] = [];
  const data = (_: unknown, bytes: Buffer) => void tookMs.push(performance.now() - sentMs[bytes[0]!]!);
  const socket = await Bun.udpSocket({ socket: { data } });
  for (let index = 0; index < Number(count); index++) {
    sentMs.push(performance.now());
    socket.send(new Uint8Array([index]), PORT, address);
    await Bun.sleep(2);
  }
  await Bun.sleep(PATIENCE_MS);
  console.log(JSON.stringify(tookMs));
  process.exit();
}

export {};
