import { randomBytes } from "node:crypto";
import { HeadgateError } from "headgate";
import type { Companion } from "headgate/server";
import { readHttpAddress, type Variables } from "headgate/settings";
import { startInstagramStandIn } from "./instagram-stand-in.ts";

/**
 * Chooses Instagram itself when INSTAGRAM_ACCESS_TOKEN is set, else a stand-in on this machine.
 *
 * @throws {HeadgateError} ENV_INVALID when INSTAGRAM_STAND_IN is set without a token for it
 */
export async function chooseInstagram(env: Variables): Promise<Companion> {
  if (env["INSTAGRAM_ACCESS_TOKEN"]) {
    return {
      name: "posts",
      line: `${whereTo(env)}, by INSTAGRAM_ACCESS_TOKEN`,
      variables: {},
    };
  }
  if (env["INSTAGRAM_STAND_IN"]) {
    throw new HeadgateError(
      "ENV_INVALID",
      "INSTAGRAM_ACCESS_TOKEN must be set to a token that the server at INSTAGRAM_STAND_IN accepts.",
    );
  }
  const token = randomBytes(16).toString("base64url");
  const standIn = await startInstagramStandIn({ token });
  return {
    name: "posts",
    line: "a stand-in for Instagram on this machine (set INSTAGRAM_ACCESS_TOKEN for the real one)",
    variables: { INSTAGRAM_STAND_IN: standIn.url, INSTAGRAM_ACCESS_TOKEN: token },
    stop: () => standIn.stop(),
  };
}

/** Describes the host that gets the token. config/app-env.ts checks whether the token may be sent there. */
function whereTo({ INSTAGRAM_STAND_IN, INSTAGRAM_API_URL }: Variables): string {
  if (INSTAGRAM_STAND_IN) return `your stand-in at ${hostOf(INSTAGRAM_STAND_IN)}`;
  return INSTAGRAM_API_URL ? `Instagram at ${hostOf(INSTAGRAM_API_URL)}` : "Instagram";
}

function hostOf(url: string): string {
  const address = readHttpAddress(url);
  return address ? new URL(address).host : "an address that cannot be read";
}
