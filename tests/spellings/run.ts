// npm run test:spellings: tests ten times as many spellings of paths as npm test, in every variant of the app.
import { startVitest } from "vitest/node";

process.env["SPELLINGS_RUNS"] ??= "2000";
const vitest = await startVitest("test", ["tests/e2e/spellings.test.ts"], {
  project: ["e2e"],
  watch: false,
});
await vitest.close();
