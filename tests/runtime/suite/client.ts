import { SignJWT } from "jose";
import { parseList } from "structured-headers";
import type { Running } from "../runtime.ts";
import { AUTH_AUDIENCE, AUTH_SECRET } from "./bindings.ts";

/** For work after a response, which may take more than a second on a loaded machine. */
export const PATIENTLY = { timeout: 20_000 };

let clients = 0;

/** Returns an address that no other test has. */
export function newAddress(): string {
  clients += 1;
  return `198.51.100.${clients}`;
}

/** The parts of a request besides its path. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of one address. */
export function clientOf(running: Running, address = newAddress()) {
  return (path: string, { method = "GET", headers = {} }: Asked = {}) =>
    running.send(
      new Request(`http://app.example${path}`, {
        method,
        headers: { "x-forwarded-for": address, ...headers },
      }),
    );
}

/** Returns the events of the worker's listener. */
export async function reported(send: ReturnType<typeof clientOf>): Promise<string[]> {
  return (await (await send("/events")).json()) as string[];
}

/** Returns a token of a user. */
export function tokenOf(user: string, secret = AUTH_SECRET): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setAudience(AUTH_AUDIENCE)
    .setExpirationTime("1 hour")
    .sign(new TextEncoder().encode(secret));
}

export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Whether the gate passed the request on. */
export const isAllowed = (answer: Response) =>
  answer.status === 200 && answer.headers.get("x-middleware-next") === "1";

/** Returns the limits in a response's headers. */
export const limitsOf = (answer: Response, name = "ratelimit") =>
  parseList(answer.headers.get(name) ?? "").map(([policy, parameters]) => ({
    policy,
    ...Object.fromEntries(parameters),
  }));
