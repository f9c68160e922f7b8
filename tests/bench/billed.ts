import { startStore } from "../support/gateway.ts";
import { billTable, GROUPS } from "./billed/groups.ts";
import { measureBills } from "./billed/world.ts";
import type { Report, Table } from "./report/types.ts";

/** Measures the commands that Upstash would bill for one call of each kind, for the tables of the docs. */
export async function benchBilled(): Promise<Report> {
  const store = await startStore();
  try {
    const tables: Table[] = [];
    for (const group of GROUPS) {
      tables.push(billTable(group, await measureBills(store, group.cases)));
    }
    return { tables, wanted: [] };
  } finally {
    await store.stop();
  }
}
