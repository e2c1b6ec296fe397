/** An arm64 Debian with systemd, udev and USB ports in qemu: a Pi for tests, as far as a processor can be one. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const IMAGES = process.env.SO101_VM_DIR ?? resolve(import.meta.dir, "../../.vm");
const USB_PORTS = 3;
/** Emulation on a busy machine takes its time: these only end what will never come. */
const BOOT_WITHIN_MS = 240_000;
const BUILD_WITHIN_MS = 1_500_000;

const NEEDED = {
  "qemu-system-aarch64": "qemu-system-arm",
  "qemu-img": "qemu-utils",
  "qemu-aarch64-static": "qemu-user-static",
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  ssh: "openssh-client",
  cpio: "cpio",
};

/** The Debian releases that there are machines of. */
export type Suite = "bookworm" | "trixie";

/** What came of a command in the machine. */
export interface Outcome {
  readonly code: number;
  /** Standard output, then standard error; without the last line's end. */
  readonly output: string;
}

/** Builds the machine's disk, unless it is there. Throws with what is missing on this machine. */
export async function buildImage(suite: Suite): Promise<void> {
  const missing = Object.entries(NEEDED).filter(([program]) => Bun.which(program) === null);
  if (missing.length > 0) {
    throw new Error(`to run a machine: apt-get install ${missing.map(([, name]) => name).join(" ")}`);
  }
  const build = Bun.spawn([join(import.meta.dir, "rootfs.sh"), suite, join(IMAGES, suite)], {
    stdout: "inherit",
    stderr: "inherit",
    timeout: BUILD_WITHIN_MS,
  });
  if ((await build.exited) !== 0) throw new Error(`the disk of ${suite} could not be built`);
}

/** A running machine. Its disk is a copy that is thrown away. */
export class Machine {
  readonly #dir: string;
  readonly #sshPort: number;
  readonly #qemu: Bun.Subprocess;
  /** Where its page is, seen from here. */
  readonly pageUrl: string;

  private constructor(dir: string, sshPort: number, pagePort: number, qemu: Bun.Subprocess) {
    this.#dir = dir;
    this.#sshPort = sshPort;
    this.pageUrl = `http://127.0.0.1:${pagePort}/`;
    this.#qemu = qemu;
  }

  /** Starts one and waits until it can be logged in to. */
  static async start(suite: Suite): Promise<Machine> {
    const dir = await mkdtemp(join(tmpdir(), "so101-machine-"));
    const image = join(IMAGES, suite);
    const disk = join(dir, "disk.qcow2");
    await Bun.$`qemu-img create -q -f qcow2 -F raw -b ${join(image, "rootfs.ext4")} ${disk}`;
    const [sshPort, pagePort] = [await freePort(), await freePort()];
    const forwards = [`127.0.0.1:${sshPort}-:22`, `127.0.0.1:${pagePort}-:8101`];
    const boards = Array.from({ length: USB_PORTS }, (_, index) => [
      ...["-chardev", `socket,id=usb${index},path=${join(dir, `usb${index}.sock`)},server=on,wait=off`],
      ...["-device", `usb-redir,id=redir${index},chardev=usb${index},bus=xhci.0,port=${index + 1}`],
    ]).flat();
    const qemu = Bun.spawn(
      [
        "qemu-system-aarch64",
        ...["-M", "virt,gic-version=2", "-cpu", "cortex-a53", "-smp", "2", "-m", "1024"],
        ...["-accel", "tcg,thread=multi", "-nodefaults", "-display", "none"],
        ...["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd.img")],
        ...["-append", "root=/dev/vda rw console=ttyAMA0 quiet loglevel=4"],
        ...["-drive", `if=none,id=disk,file=${disk},format=qcow2,cache=unsafe`],
        ...["-device", "virtio-blk-pci,drive=disk"],
        ...["-netdev", `user,id=net,restrict=on${forwards.map((to) => `,hostfwd=tcp:${to}`).join("")}`],
        ...["-device", "virtio-net-pci,netdev=net,romfile="],
        ...["-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random"],
        ...["-device", "qemu-xhci,id=xhci", ...boards],
        ...["-serial", `file:${join(dir, "console.log")}`],
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
    process.on("exit", () => qemu.kill("SIGKILL"));
    const machine = new Machine(dir, sshPort, pagePort, qemu);
    try {
      await machine.#untilLogin();
    } catch (error) {
      console.error(await Bun.file(join(dir, "console.log")).text());
      await machine.stop();
      throw error;
    }
    return machine;
  }

  /** Where a board is plugged in: port 0, 1 or 2. */
  usbPort(index: number): string {
    return join(this.#dir, `usb${index}.sock`);
  }

  /** Runs a command line as root; standard input is empty unless given. */
  async try(command: string, { input = "", withinMs = 120_000 } = {}): Promise<Outcome> {
    const ssh = Bun.spawn(["ssh", ...this.#sshOptions("-p"), "root@127.0.0.1", `{ ${command}\n} 2>&1`], {
      stdin: Buffer.from(input),
      stdout: "pipe",
      stderr: "ignore",
      timeout: withinMs,
    });
    const output = (await new Response(ssh.stdout).text()).trimEnd();
    return { code: await ssh.exited, output };
  }

  /** Runs a command line that must succeed; its output. */
  async run(command: string, options: { input?: string; withinMs?: number } = {}): Promise<string> {
    const { code, output } = await this.try(command, options);
    if (code !== 0) throw new Error(`in the machine, "${command}" ended with ${code}: ${output}`);
    return output;
  }

  /** What runs a command line on a terminal of the machine: to be started on a terminal here. */
  onTerminal(command: string): string[] {
    return ["ssh", "-tt", ...this.#sshOptions("-p"), "root@127.0.0.1", command];
  }

  /** Waits in the machine until a shell condition holds. Throws with what `otherwise` prints when it does not. */
  async until(condition: string, { withinMs = 60_000, otherwise = "true" } = {}): Promise<void> {
    const tries = Math.ceil(withinMs / 100);
    const { code, output } = await this.try(
      `i=0; until ${condition}; do i=$((i+1)); [ $i -lt ${tries} ] || { ${otherwise}; exit 1; }; sleep 0.1; done`,
      { withinMs: withinMs * 4 },
    );
    if (code !== 0) throw new Error(`in the machine it never became true that ${condition}\n${output}`);
  }

  /** Copies a file into the machine. */
  async copyIn(from: string, to: string): Promise<void> {
    await Bun.$`scp ${this.#sshOptions("-P")} ${from} root@127.0.0.1:${to}`.quiet();
  }

  /** Reboots it and waits until it can be logged in to again. */
  async reboot(): Promise<void> {
    const before = await this.#bootId();
    await this.try("systemctl reboot");
    const deadline = performance.now() + BOOT_WITHIN_MS;
    for (;;) {
      const now = await this.#bootId();
      if (now !== "" && now !== before) return;
      if (performance.now() > deadline) throw new Error("the machine did not come back from its reboot");
      await Bun.sleep(500);
    }
  }

  /** Cuts its power, and throws it away. */
  async stop(): Promise<void> {
    this.#qemu.kill("SIGKILL");
    await this.#qemu.exited;
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #untilLogin(): Promise<void> {
    const deadline = performance.now() + BOOT_WITHIN_MS;
    while ((await this.#bootId()) === "") {
      if (this.#qemu.exitCode !== null) throw new Error(`qemu ended with ${this.#qemu.exitCode}`);
      if (performance.now() > deadline) throw new Error("the machine did not boot");
      await Bun.sleep(500);
    }
  }

  async #bootId(): Promise<string> {
    const { output } = await this.try("cat /proc/sys/kernel/random/boot_id", { withinMs: 20_000 });
    return /^[0-9a-f-]{36}$/.test(output) ? output : "";
  }

  #sshOptions(portFlag: "-p" | "-P"): string[] {
    const options = {
      StrictHostKeyChecking: "no",
      UserKnownHostsFile: "/dev/null",
      ConnectTimeout: "10",
      BatchMode: "yes",
    };
    return [
      ...["-q", "-i", join(IMAGES, "id_ed25519"), portFlag, `${this.#sshPort}`],
      ...Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
    ];
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
