import { commandFromPath, readCommand, readCommands, readJson } from "./commands.ts";
import { type Answer, toAnswer } from "./encoding.ts";
import { type Permissions, refusalOf } from "./refused-commands.ts";
import type { ReplyBudget } from "#lib/gateway/store/reply-budget";
import { RequestError } from "./request-error.ts";
import { type Command, ErrorReply, type Reply, type Store } from "#lib/gateway/store/store";

/** A request whose body has been read. */
export interface GatewayRequest {
  readonly method: string;
  /** The path as it was sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  /** True when the texts of the answer are encoded in base64. */
  readonly base64: boolean;
  /** The memory that its replies may use. */
  readonly budget: ReplyBudget;
}

export interface GatewayAnswer {
  readonly status: number;
  /** One answer, or the answers of all commands. Each is encoded when it is iterated. */
  readonly body: Answer | Iterable<Answer>;
}

export interface RouteOptions extends Permissions {
  readonly store: Store;
  readonly pipelineCommands: number;
}

/**
 * Answers one request of the Upstash REST protocol.
 *
 * @throws {RequestError} when the gateway refuses the request, with the HTTP status
 * @throws {HeadgateError} STORE_UNREACHABLE, STORE_TIMEOUT
 */
export async function answer(
  request: GatewayRequest,
  options: RouteOptions,
): Promise<GatewayAnswer> {
  if (request.method !== "POST" && (request.method !== "GET" || isPostOnly(request.path))) {
    throw new RequestError(405, `ERR ${request.method} is not allowed on this path`);
  }
  switch (request.path) {
    case "/":
      return await answerOne(readCommand(readJson(request.body)), request, options);
    case "/pipeline":
      return await answerPipeline(request, options);
    case "/multi-exec":
      return await answerTransaction(request, options);
    default: {
      const command = commandFromPath(request.path, request.query, request.body);
      return await answerOne(command, request, options);
    }
  }
}

function isPostOnly(path: string): boolean {
  return path === "/" || path === "/pipeline" || path === "/multi-exec";
}

async function answerOne(
  command: Command,
  { base64, budget }: GatewayRequest,
  options: RouteOptions,
): Promise<GatewayAnswer> {
  const refusal = refusalOf(command, options);
  if (refusal) throw new RequestError(400, refusal);
  const replied = await options.store.call(command, budget);
  const [reply = replied] = budget.whole([replied]);
  if (budget.refusal) throw new RequestError(budget.refusedStatus, budget.refusal.message);
  return { status: reply instanceof ErrorReply ? 400 : 200, body: toAnswer(reply, base64) };
}

async function answerPipeline(
  { body, base64, budget }: GatewayRequest,
  options: RouteOptions,
): Promise<GatewayAnswer> {
  const commands = readCommands(readJson(body), options.pipelineCommands);
  const refusals = commands.map((command) => refusalOf(command, options));
  const allowed = commands.filter((_, index) => refusals[index] === undefined);
  const replied = allowed.length > 0 ? await options.store.pipeline(allowed, budget) : [];
  const replies = budget.whole(replied).values();
  const all = refusals.map((refusal): Reply =>
    refusal === undefined ? (replies.next().value ?? null) : new ErrorReply(refusal),
  );
  return { status: 200, body: answersOf(all, base64) };
}

async function answerTransaction(
  { body, base64, budget }: GatewayRequest,
  options: RouteOptions,
): Promise<GatewayAnswer> {
  const commands = readCommands(readJson(body), options.pipelineCommands);
  for (const command of commands) {
    const refusal = refusalOf(command, options);
    if (refusal) throw new RequestError(400, refusal);
  }
  const replies = await options.store.transaction(commands, budget);
  if (replies instanceof ErrorReply) {
    const status = budget.refusal ? budget.refusedStatus : 400;
    return { status, body: toAnswer(replies, base64) };
  }
  return { status: 200, body: answersOf(budget.whole(replies), base64) };
}

function* answersOf(replies: readonly Reply[], base64: boolean): Generator<Answer> {
  for (const reply of replies) yield toAnswer(reply, base64);
}
