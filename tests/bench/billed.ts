import { startStore } from "../support/gateway.ts";
import { billTable, GROUPS } from "./billed/groups.ts";
import { measureBills } from "./billed/world.ts";

/** Measures what Upstash would bill for one call of each kind, and prints the tables of the docs. */
export async function benchBilled() {
  const store = await startStore();
  try {
    const groups = [];
    for (const { title, cases } of GROUPS) {
      groups.push({ title, rows: await measureBills(store, cases) });
    }
    console.log("\nCommands that Upstash bills, counted by INFO commandstats of redis-server");
    for (const { title, rows } of groups) console.log(`\n${billTable(title, rows)}`);
    return groups;
  } finally {
    await store.stop();
  }
}
