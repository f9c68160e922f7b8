import { createHash } from "node:crypto";
import { type Bytes, toBuffer } from "./bytes.ts";
import type { ScriptCall, Scripting } from "./command.ts";
import { CommandError, NO_SCRIPT } from "./errors.ts";
import { Engine } from "./lua/engine.ts";
import type { LuaModule } from "./lua/module.ts";
import { type Headed, readShebang } from "./lua/shebang.ts";
import type { Result } from "./result.ts";

/** The most scripts that are kept: their bytes of text, and their number. */
const MOST_TEXT = 4 * 1024 * 1024;
const MOST_SCRIPTS = 1000;

export interface ScriptsOptions {
  /** Runs a command that a script calls. */
  readonly call: (args: readonly Bytes[], isReadOnly: boolean) => Result;
  /** The most memory that Lua may use, in bytes. */
  readonly scriptBytes: number;
}

/** The scripts that are kept, and the state of Lua that runs them. */
export class Scripts implements Scripting {
  /** When a script must have ended, in milliseconds of performance.now(). */
  deadline = 0;
  readonly #options: ScriptsOptions;
  readonly #lua: LuaModule;
  #engine: Engine | undefined;
  #isReadOnly = false;
  /** In the order of their last use: the first is the least recently used. */
  readonly #scripts = new Map<Bytes, Headed>();
  #bytes = 0;

  constructor(lua: LuaModule, options: ScriptsOptions) {
    this.#lua = lua;
    this.#options = options;
    this.#engine = this.#openEngine();
  }

  load(text: Bytes): Bytes {
    const sha = createHash("sha1").update(toBuffer(text)).digest("hex");
    const kept = this.#scripts.get(sha);
    const script = kept ?? readShebang(text);
    this.#compile(sha, script);
    if (!kept) this.#bytes += script.text.length;
    this.#keep(sha, script);
    return sha;
  }

  has(sha: Bytes): boolean {
    return this.#scripts.has(sha);
  }

  flush(): void {
    for (const sha of this.#scripts.keys()) this.#engine?.forget(sha);
    this.#scripts.clear();
    this.#bytes = 0;
  }

  run(sha: Bytes, { keys, args, isReadOnly }: ScriptCall): Result {
    const script = this.#scripts.get(sha);
    if (!script) throw new CommandError(NO_SCRIPT);
    if (performance.now() >= this.deadline) {
      throw new CommandError("ERR the scripts of this call ran for too long in total");
    }
    this.#compile(sha, script);
    this.#keep(sha, script);
    this.#isReadOnly = isReadOnly || script.isReadOnly;
    return this.#watched((engine) => engine.run(sha, { keys, args, deadline: this.deadline }));
  }

  #compile(sha: Bytes, { text }: Headed): void {
    if (this.#engine?.has(sha)) return;
    this.#watched((engine) => engine.compile(sha, text, this.deadline));
  }

  /**
   * Runs work with the engine. Replaces an engine that is spent now, so that it does not take time from the
   * next call.
   */
  #watched<T>(work: (engine: Engine) => T): T {
    const engine = (this.#engine ??= this.#openEngine());
    try {
      return work(engine);
    } finally {
      if (engine.isSpent) {
        this.#engine = undefined;
        this.#engine = this.#openEngine();
      }
    }
  }

  #openEngine(): Engine {
    const { call, scriptBytes } = this.#options;
    return new Engine(this.#lua.open(), {
      call: (args) => call(args, this.#isReadOnly),
      maxBytes: scriptBytes,
    });
  }

  #keep(sha: Bytes, script: Headed): void {
    this.#scripts.delete(sha);
    this.#scripts.set(sha, script);
    for (const [oldest, { text }] of this.#scripts) {
      const isFull = this.#bytes > MOST_TEXT || this.#scripts.size > MOST_SCRIPTS;
      // The newest script is kept whatever its size.
      if (!isFull || oldest === sha) return;
      this.#scripts.delete(oldest);
      this.#engine?.forget(oldest);
      this.#bytes -= text.length;
    }
  }
}
