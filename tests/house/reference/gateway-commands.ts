import { FLUSHES, REFUSED_NAMES, REFUSED_SUBCOMMANDS } from "#lib/gateway/refused-commands";
import type { Specification } from "#lib/embedded/command";
import { KINDS } from "#lib/embedded/commands/all";
import { type Page, pageOf, table } from "./page.ts";

/** The commands that GATEWAY_ALLOW_SHARED=1 permits. */
const SHARED = [
  ["FUNCTION LOAD, FUNCTION DELETE", "they change functions, which all users of the server share"],
  ["MOVE, COPY with DB", "they change another database, which other users of the server may have"],
  ["SLOWLOG GET, SLOWLOG LEN", "they show commands of all users of the server"],
] as const;

export const GATEWAY_COMMANDS: Page = {
  path: "docs/reference/gateway-commands.md",
  build: () =>
    pageOf(
      "# Commands of the gateway",
      "`headgate gateway` passes every command to Redis except those of this page. It answers a refused command with status 400 and the reason: in a pipeline only that command fails, in a transaction the whole transaction. [The gateway](../operate/gateway.md) explains how to run the gateway.",
      "The list guards against accidents, and against commands that a shared connection cannot run. The gateway does not read scripts. Use an ACL user of Redis for commands that callers with the token must never run.",
      "## Always refused",
      table(
        ["commands", "why"],
        [
          ...Object.entries(REFUSED_NAMES).map(([why, names]) => [coded(names.split(" ")), why]),
          [coded([...FLUSHES]), "they delete every key"],
          [
            coded(
              [...REFUSED_SUBCOMMANDS].flatMap(([name, subs]) =>
                [...subs].map((sub) => `${name} ${sub}`),
              ),
            ),
            "they administer the server",
          ],
          [
            "`XREAD` and `XREADGROUP` with `BLOCK`",
            "they block the connection that all callers share",
          ],
        ],
      ),
      "## Refused without GATEWAY_ALLOW_SHARED=1",
      table(
        ["commands", "why"],
        SHARED.map(([names, why]) => [coded(names.split(", ")), why]),
      ),
      "In code the option is `allowShared: true` of `startGateway`. `FCALL`, `FUNCTION LIST` and `COPY` within the database are always permitted.",
      "## Commands of the embedded store",
      "The embedded store knows these commands only. Any other is an unknown command.",
      table(
        ["kind", "commands"],
        Object.entries(KINDS).map(([kind, commands]) => [
          kind,
          coded(
            Object.entries<Specification>(commands).flatMap(([name, { subcommands }]) =>
              subcommands
                ? Object.keys(subcommands).map((sub) => `${name} ${sub}`.toUpperCase())
                : name.toUpperCase(),
            ),
          ),
        ]),
      ),
    ),
};

function coded(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
