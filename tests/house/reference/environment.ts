import { MUST_BE } from "#config/app-env";
import { AUTH_VARIABLES, METRICS_VARIABLES } from "#config/gate-env";
import { OTEL_VARIABLES } from "#config/otel-env";
import { VARIABLE_GROUPS, type VariableWords } from "#lib/cli/reference/variables";
import { SettingsError } from "#lib/core/settings";
import { REDIS_ADDRESS } from "#lib/core/store-address";
import type { Variable } from "#lib/core/variable-table";
import { GATE_VARIABLES } from "#lib/gate-variables";
import { GATEWAY_TOKEN } from "#lib/gateway/token";
import { wantsBatches } from "#lib/server/batches";
import { httpSettings } from "#lib/server/http-settings";
import { gatewayListensAt, listenAddress } from "#lib/server/listening";
import { VARIABLES } from "#lib/variables";
import { type Page, pageOf, table } from "./page.ts";
import { SAMPLE_VARIABLES } from "./sample-variables.ts";

/** The sample's own variables that its gate reads. */
const OWN = { ...AUTH_VARIABLES, ...METRICS_VARIABLES, ...OTEL_VARIABLES };

/** Variables whose readers state their form. */
const READ: Readonly<Record<string, Variable<unknown>>> = { ...GATE_VARIABLES, ...OWN };

const FORMS: Readonly<Record<string, string>> = {
  ...MUST_BE,
  REDIS_URL: REDIS_ADDRESS,
  GATEWAY_TOKEN,
};

/** Headgate's variables that the sample reads or hands on too. */
const ALSO_OF_SAMPLE = new Set(["REDIS_URL"]);

const PROGRAMS = `"Read by" names the programs:

- **gate**: the middleware and the limits of handlers, by \`fromEnv()\`. It runs at the edge too.
- **server**: \`headgate start\` and \`headgate dev\`, and so \`npm start\`, \`npm run dev\` and the packed server.
- **gateway**: [\`headgate gateway\`](../operate/gateway.md).
- **build**: \`next build\` with \`withHeadgate\` in next.config. It reads the gate's variables too.
- **cli**: the other commands of \`headgate\` ([commands](commands.md)), which also read the gate's variables.
- **sample**: the sample app of this repository and its commands.`;

export const ENVIRONMENT: Page = {
  path: "docs/reference/environment.md",
  build: () => {
    const groups = { ...VARIABLE_GROUPS, "The sample's own": SAMPLE_VARIABLES };
    assertComplete(Object.values(VARIABLE_GROUPS).flatMap((group) => Object.keys(group)));
    return pageOf(
      "# Variables of the environment",
      "Every variable that Headgate and the sample app read. Headgate reads no other.",
      "Variables come from the environment, or from the files that Next reads (`.env.local`, `.env`, and those of the mode). Blanks and line breaks around a value are ignored, and an empty variable counts as unset. When a value is invalid, the start ends with [`ENV_INVALID`](errors.md#env_invalid): the error names every wrong variable and never contains a value. A variable that begins with `HEADGATE_` and is not on this page causes a warning.",
      PROGRAMS,
      ...Object.entries(groups).flatMap(([title, group]) => [`## ${title}`, tableOf(group)]),
      "Node reads `NODE_OPTIONS` itself, not from these files: `--max-http-header-size=32768` sets how many bytes the request line and headers may have (16384 by default). @vercel/otel reads further variables of OpenTelemetry, such as `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` and `OTEL_EXPORTER_OTLP_PROTOCOL`.",
    );
  },
};

/** @throws Error when a variable has no words, or words have no variable */
function assertComplete(told: readonly string[]): void {
  const known = Object.keys(VARIABLES);
  const wrong = [
    ...known.filter((name) => !told.includes(name)),
    ...told.filter((name) => !known.includes(name)),
    ...Object.keys({ ...OWN, ...MUST_BE }).filter((name) => !Object.hasOwn(SAMPLE_VARIABLES, name)),
  ];
  if (wrong.length > 0) throw new Error(`Words and variables differ: ${wrong.join(", ")}.`);
}

function tableOf(group: Readonly<Record<string, VariableWords>>): string {
  const isByPrograms = Object.values(group).some(({ setBy }) => setBy !== undefined);
  return table(
    ["variable", "what it sets", "read by", isByPrograms ? "set by" : "must be", "default"],
    Object.entries(group).map(([name, words]) => [
      `\`${name}\``,
      words.sets,
      readersOf(name).join(", "),
      words.setBy ?? formOf(name, words),
      words.standard ?? codeOf(READ[name]?.standard),
    ]),
  );
}

function codeOf(standard: string | undefined): string {
  return standard ? `\`${standard}\`` : "none";
}

function readersOf(name: string): readonly string[] {
  const ours = VARIABLES[name]?.by ?? [];
  return Object.hasOwn(SAMPLE_VARIABLES, name) || ALSO_OF_SAMPLE.has(name)
    ? [...ours, "sample"]
    : ours;
}

/** Returns the form of a variable as its error states it. */
function formOf(name: string, { mustBe }: VariableWords): string {
  const stated = READ[name]?.mustBe ?? FORMS[name] ?? faultOf(name) ?? mustBe;
  if (stated === undefined) throw new Error(`${name} has no form.`);
  return stated;
}

/** The readers of the server and the gateway state a form only in an error. */
function faultOf(name: string): string | undefined {
  const env = { [name]: '"' };
  const readers = [
    () => listenAddress(env),
    () => gatewayListensAt(env),
    () => httpSettings(env, false),
    () => wantsBatches(env),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (error instanceof SettingsError) return error.mustBe[name];
      throw error;
    }
  }
  return undefined;
}
