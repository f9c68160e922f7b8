import { Redis } from "ioredis";

/** A command as Redis ran it. */
export interface SeenCommand {
  readonly name: string;
  /** Its arguments, byte by byte. */
  readonly args: readonly Buffer[];
}

/** Watches everything that one Redis is asked. */
export interface Watch {
  readonly seen: readonly SeenCommand[];
  /** Waits until all that was asked before is in `seen`. */
  settle(): Promise<void>;
  stop(): void;
}

/** Watches by MONITOR; what scripts call is seen too. */
export async function watchRedis(url: string): Promise<Watch> {
  const asker = new Redis(url);
  const watcher = new Redis(url);
  const monitor = await watcher.monitor();
  const seen: SeenCommand[] = [];
  const awaited = new Map<string, () => void>();
  monitor.on("monitor", (_time: string, [name = "", ...args]: string[]) => {
    seen.push({ name: name.toLowerCase(), args: args.map(unescape) });
    awaited.get(args[0] ?? "")?.();
  });
  let marks = 0;
  return {
    seen,
    async settle() {
      marks += 1;
      const mark = `watched-until-${marks}`;
      const marked = new Promise<void>((resolve) => awaited.set(mark, resolve));
      await asker.echo(mark);
      await marked;
      awaited.delete(mark);
    },
    stop() {
      monitor.disconnect();
      watcher.disconnect();
      asker.disconnect();
    },
  };
}

const NAMED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

/** MONITOR writes bytes that cannot be printed as \xNN and the like. */
function unescape(arg: string): Buffer {
  const text = arg.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex?: string, letter = "") =>
    hex === undefined ? (NAMED[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(text, "latin1");
}
