// npm run test:spellings: tests ten times as many spellings of paths as npm run test:apps, in every variant of the app.
import { startVitest } from "vitest/node";

process.env["SPELLINGS_RUNS"] ??= "2000";
const vitest = await startVitest("test", ["tests/apps/spellings.test.ts"], {
  project: ["apps"],
  watch: false,
});
await vitest.close();
