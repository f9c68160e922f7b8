import type { UpstashRequest } from "@upstash/redis";

/** Returns the names of a request's commands, in capitals and in their order. */
export function commandNames({ path, body }: UpstashRequest): string[] {
  if (!Array.isArray(body)) return [];
  const commands: readonly unknown[] = path === undefined ? [body] : body;
  return commands.map(nameOf);
}

/** Returns the name of a command, without its keys and values. */
export function nameOf(command: unknown): string {
  const first: unknown = Array.isArray(command) ? command[0] : undefined;
  return typeof first === "string" && /^[a-z]{1,24}$/i.test(first) ? first.toUpperCase() : "a call";
}

/** Returns what an error calls a request: the command's name, or the path of several commands. */
export function titleOf(request: UpstashRequest): string {
  return request.path?.join("/") ?? nameOf(request.body);
}
