import { API } from "./api.ts";
import { COMMANDS_PAGE } from "./commands.ts";
import { DECISION } from "./decision.ts";
import { DECISIONS } from "./decisions.ts";
import { ENVIRONMENT } from "./environment.ts";
import { AUDIT_FINDINGS, ERRORS, POLICY_ERRORS } from "./errors.ts";
import { EVENTS } from "./events.ts";
import { GATEWAY_COMMANDS } from "./gateway-commands.ts";
import { HEADERS_PAGE } from "./headers.ts";
import { LLMS } from "./llms.ts";
import { METRICS_PAGE } from "./metrics.ts";
import type { Page } from "./page.ts";
import { POLICY } from "./policy.ts";

/** Every generated page. The list of all pages comes last, since it reads the others. */
export const PAGES: readonly Page[] = [
  POLICY,
  ENVIRONMENT,
  COMMANDS_PAGE,
  DECISION,
  EVENTS,
  METRICS_PAGE,
  HEADERS_PAGE,
  ERRORS,
  POLICY_ERRORS,
  AUDIT_FINDINGS,
  GATEWAY_COMMANDS,
  API,
  DECISIONS,
  LLMS,
];
