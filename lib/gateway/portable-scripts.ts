import { createHash } from "node:crypto";
import { BoundedMap } from "#lib/core/bounded-map";
import {
  type Argument,
  type Command,
  ErrorReply,
  type Reply,
  type Store,
} from "#lib/gateway/store/store";

/** A flag of Upstash that Redis and Valkey reject. */
const FOREIGN_FLAG = "allow-key-locking";

/** A command as Redis understands it, and how its reply must read for the caller. */
interface Translated {
  readonly command: Command;
  readonly reply: (reply: Reply) => Reply;
}

const asIs = (reply: Reply): Reply => reply;

/**
 * Wraps a store so that scripts with Upstash's own flag run on any Redis. The flag is removed from the text.
 * In EVALSHA, SCRIPT LOAD and SCRIPT EXISTS, the SHA-1 of the caller's text is translated to that of the
 * changed text. Redis answers NOSCRIPT for a script that is not remembered, and the caller then sends the
 * text.
 *
 * @param maxScripts the most changed scripts that are remembered; the least recently used are dropped first
 */
export function withPortableScripts(store: Store, maxScripts: number): Store {
  const names = new ScriptNames(maxScripts);
  return {
    async call(command, budget) {
      const translated = translate(command, names);
      return translated.reply(await store.call(translated.command, budget));
    },
    async pipeline(commands, budget) {
      const translated = commands.map((command) => translate(command, names));
      const replies = await store.pipeline(
        translated.map(({ command }) => command),
        budget,
      );
      return restore(translated, replies);
    },
    async transaction(commands, budget) {
      const translated = commands.map((command) => translate(command, names));
      const replies = await store.transaction(
        translated.map(({ command }) => command),
        budget,
      );
      return replies instanceof ErrorReply ? replies : restore(translated, replies);
    },
    subscribe: (subscription, listener) => store.subscribe(subscription, listener),
    close: () => store.close(),
  };
}

/** Returns a script's text without Upstash's flag. Other flags and all line numbers stay the same. */
export function portableText(text: string): string {
  const [shebang = ""] = text.split("\n", 1);
  if (!shebang.startsWith("#!lua") || !shebang.includes(FOREIGN_FLAG)) return text;
  const words = shebang.split(/\s+/).map(withoutForeignFlag);
  return words.filter(Boolean).join(" ") + text.slice(shebang.length);
}

function withoutForeignFlag(word: string): string {
  if (!word.startsWith("flags=")) return word;
  const flags = word.slice("flags=".length).split(",");
  const kept = flags.filter((flag) => flag !== "" && flag !== FOREIGN_FLAG);
  return kept.length > 0 ? `flags=${kept.join(",")}` : "";
}

function restore(translated: readonly Translated[], replies: readonly Reply[]): Reply[] {
  return replies.map((reply, index) => (translated[index]?.reply ?? asIs)(reply));
}

function translate(command: Command, names: ScriptNames): Translated {
  const [name, first, ...rest] = command;
  if (first === undefined) return { command, reply: asIs };
  switch (name.toUpperCase()) {
    case "EVAL":
    case "EVAL_RO":
      return { command: [name, names.remember(first).text, ...rest], reply: asIs };
    case "EVALSHA":
    case "EVALSHA_RO":
      return { command: [name, names.known(first), ...rest], reply: asIs };
    case "SCRIPT":
      return translateScript(command, names);
    default:
      return { command, reply: asIs };
  }
}

function translateScript(command: Command, names: ScriptNames): Translated {
  const [name, subcommand = "", first, ...rest] = command;
  const what = subcommand.toString().toUpperCase();
  if (what === "LOAD" && first !== undefined) {
    const { text, originalSha } = names.remember(first);
    return {
      command: [name, subcommand, text, ...rest],
      reply: (reply) => (originalSha && Buffer.isBuffer(reply) ? Buffer.from(originalSha) : reply),
    };
  }
  if (what === "EXISTS" && first !== undefined) {
    const shas = [first, ...rest].map((sha) => names.known(sha));
    return { command: [name, subcommand, ...shas], reply: asIs };
  }
  return { command, reply: asIs };
}

/** The SHA-1 by which Redis knows each changed script. */
class ScriptNames {
  readonly #names: BoundedMap<string, string>;

  constructor(most: number) {
    this.#names = new BoundedMap(most);
  }

  /** Returns the text for Redis, and the SHA-1 of the caller's text when the two differ. */
  remember(script: Argument): { text: Argument; originalSha?: string } {
    const original = script.toString();
    const text = portableText(original);
    if (text === original) return { text: script };
    const originalSha = sha1(original);
    this.#names.set(originalSha, sha1(text));
    return { text, originalSha };
  }

  /** Returns the SHA-1 for Redis, which is another one when the script was changed. */
  known(sha: Argument): Argument {
    return this.#names.get(sha.toString().toLowerCase()) ?? sha;
  }
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
