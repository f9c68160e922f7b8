import type { UpstashRequest, UpstashResponse } from "./upstash-protocol.ts";
import { lasting, rejected, StoreError } from "./errors.ts";

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

/** Returns the name of a request in errors: the command's name, or the path of several commands. */
export function titleOf(request: UpstashRequest): string {
  return request.path?.join("/") ?? nameOf(request.body);
}

/**
 * Reads the answer to a REST call of Upstash's protocol. An error of Redis in its body takes precedence over
 * the status, since providers send the same error with different statuses.
 *
 * @throws {StoreError} when the answer is an error, or does not follow the protocol
 */
export function readAnswer<Result>(
  request: UpstashRequest,
  status: number,
  text: string,
): UpstashResponse<Result> {
  const { answer, cause } = parse(text);
  const error = errorOf(answer);
  if (status === 200 && error === undefined && isResult(answer)) {
    return { result: answer.result as Result };
  }
  const what = titleOf(request);
  const isAnswer = status === 400 || (status >= 200 && status < 300);
  if (error !== undefined) {
    const refusal = rejected(what, error, commandNames(request));
    if (isAnswer || refusal.code !== "STORE_REJECTED") throw refusal;
  }
  if (!isAnswer) throw ofStatus(what, status);
  // The answer to a pipeline has one object per command; @upstash/redis reads it.
  if (Array.isArray(answer)) return answer as unknown as UpstashResponse<Result>;
  throw badAnswer(what, status, cause);
}

/** Returns true for the reply to one command that Redis ran. */
function isResult(answer: unknown): answer is { readonly result: unknown } {
  return typeof answer === "object" && answer !== null && "result" in answer;
}

function parse(text: string): { readonly answer?: unknown; readonly cause?: unknown } {
  try {
    return { answer: JSON.parse(text) as unknown };
  } catch (cause) {
    return { cause };
  }
}

function errorOf(answer: unknown): string | undefined {
  const isError = typeof answer === "object" && answer !== null && "error" in answer;
  return isError && typeof answer.error === "string" ? answer.error : undefined;
}

/** Returns the error for a status whose body has no error of Redis. */
function ofStatus(what: string, status: number): StoreError {
  const answered = `${what}: the store answered ${status}.`;
  switch (status) {
    case 401:
    case 403:
      return lasting("STORE_UNAUTHORIZED", answered);
    case 402:
      return lasting("STORE_SUSPENDED", answered);
    case 413:
      return new StoreError("STORE_REJECTED", `${answered} The command is too large for it.`);
    case 429:
      return lasting("STORE_OVER_QUOTA", answered);
    case 408:
    case 504:
      return new StoreError("STORE_TIMEOUT", `${answered} Its Redis was too slow.`);
    default:
      return status >= 500
        ? new StoreError("STORE_UNREACHABLE", `${answered} Its Redis does not serve.`)
        : lasting("STORE_WRONG_ADDRESS", answered);
  }
}

function badAnswer(what: string, status: number, cause?: unknown): StoreError {
  return new StoreError(
    "STORE_BAD_ANSWER",
    `${what}: the answer (status ${status}) is not the Upstash REST protocol's. Does UPSTASH_REDIS_REST_URL name a REST address?`,
    { cause },
  );
}
