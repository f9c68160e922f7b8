import { Redis } from "ioredis";

/** A command that Redis ran. */
export interface SeenCommand {
  readonly name: string;
  /** The arguments as bytes. */
  readonly args: readonly Buffer[];
}

/** A record of all commands of a Redis. */
export interface Watch {
  readonly seen: readonly SeenCommand[];
  /** Waits until all earlier commands are in `seen`. */
  settle(): Promise<void>;
  stop(): void;
}

/** Records commands by MONITOR, including the commands of scripts. */
export async function watchRedis(url: string): Promise<Watch> {
  const client = new Redis(url);
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
      await client.echo(mark);
      await marked;
      awaited.delete(mark);
    },
    stop() {
      monitor.disconnect();
      watcher.disconnect();
      client.disconnect();
    },
  };
}

const NAMED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

/** MONITOR escapes bytes that cannot be printed, for example as \xNN. */
function unescape(arg: string): Buffer {
  const text = arg.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex?: string, letter = "") =>
    hex === undefined ? (NAMED[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(text, "latin1");
}
