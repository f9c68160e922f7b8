import { type ScriptStore, scriptStoreOver } from "headgate/redis";
import { connection } from "./connection.ts";

/** The store as the gate and its limits need it, at the edge too: it runs scripts. */
export function scriptStore(): ScriptStore {
  const { requester, deadlineMs } = connection();
  return scriptStoreOver(requester, deadlineMs);
}
