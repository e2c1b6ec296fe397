/** Compiles TypeScript into one program that needs nothing beside it: how so101, and what is measured beside it, are made. */
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Processor, runtimeFor, thisProcessor } from "./toolchain.ts";

/** What differs from program to program. */
export interface CompileOptions {
  /** What it is for; this machine's if left out. */
  readonly processor?: Processor;
  /** Names and the JavaScript that each stands for. */
  readonly define?: Readonly<Record<string, string>>;
}

/**
 * Leaves serialport's own binding out: its native code aborts Bun when a port is opened, and in a program of one file it
 * would not be found, so that importing serialport threw; and its scripts know the folder that they were compiled in.
 * What is left refuses to open. Ports are opened by our binding.
 */
const withoutSerialportBinding: Bun.BunPlugin = {
  name: "without serialport's own binding",
  setup(build) {
    build.onResolve({ filter: /^@serialport\/bindings-cpp$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({
      contents: `const refuse = async () => { throw new Error("serialport's own binding is not in this program"); };
        exports.autoDetect = () => ({ open: refuse, list: refuse });`,
      loader: "js",
    }));
  },
};

/**
 * Gives the client of MQTT the runtime's own streams and timers. `readable-stream` is a copy of the streams for other
 * runtimes, and takes the runtime's own itself where it is told to; `worker-timers` is for browsers, and not used
 * outside of one. Both would be a tenth of all the program's code.
 */
const withOwnStreamsAndTimers: Bun.BunPlugin = {
  name: "the runtime's own streams and timers",
  setup(build) {
    build.onResolve({ filter: /^readable-stream$/ }, () => ({ path: "node:stream", external: true }));
    build.onResolve({ filter: /^worker-timers$/ }, () => ({ path: "node:timers", external: true }));
  },
};

/** What is changed of the packages that the program contains. */
export const PACKAGES_CHANGED: readonly Bun.BunPlugin[] = [withoutSerialportBinding, withOwnStreamsAndTimers];

/**
 * Compiles `entries`, the main file first and then those that run as Workers, into the program `outfile`, with the
 * pinned runtime. The file appears whole or not at all. Rejects with what the compiler said.
 */
export async function compile(
  entries: readonly string[],
  outfile: string,
  { processor = thisProcessor, define = {} }: CompileOptions = {},
): Promise<void> {
  const runtime = await runtimeFor(processor);
  // The program contains the name that it is written under, and shall be the same whoever compiles it, and where.
  const folder = join(dirname(outfile), `.compiling.${process.pid}`);
  const unfinished = join(folder, basename(outfile));
  await mkdir(folder, { recursive: true });
  try {
    const { success, logs } = await Bun.build({
      entrypoints: [...entries],
      // All in one folder within the program: that is what a worker's relative URL is resolved in.
      naming: { entry: "[name].[ext]" },
      compile: {
        target: `bun-linux-${processor}`,
        outfile: unfinished,
        // Left out, Bun takes itself, or what it finds in its cache or fetches, and asks no digest.
        executablePath: runtime.path,
        // Of a request to the page's server: a browser sends 1 kB, and the cookies of whatever else the machine serves. A
        // thousand that send a head without an end have this each until they are ended; Bun's own bound is 16 kB.
        execArgv: ["--max-http-header-size=8192"],
        // The program is the same in whatever folder it is started.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
      format: "esm",
      bytecode: true,
      minify: true,
      define: { ...define },
      plugins: [...PACKAGES_CHANGED],
      throw: false,
    });
    if (!success) throw new Error(logs.join("\n"));
    await rename(unfinished, outfile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
