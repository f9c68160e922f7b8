import { describe } from "vitest";
import { LIMIT_STORES, limitsOn } from "../support/limit-stores.ts";
import { testModel } from "./limit-stores/model.ts";
import { testReports } from "./limit-stores/reports.ts";
import { testShadow } from "./limit-stores/shadow.ts";
import { testVersions } from "./limit-stores/versions.ts";

describe.each(LIMIT_STORES)("$name", (kind) => {
  const on = limitsOn(kind);
  testModel(on);
  testShadow(on);
  testVersions(on);
  testReports(on);
});
