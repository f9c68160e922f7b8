import { type Redis, redisOver } from "headgate/redis";
import { connection } from "./connection.ts";

/** The store as handlers need it: with every command. */
export function commandStore(): Redis {
  const { requester, deadlineMs } = connection();
  return redisOver(requester, deadlineMs);
}
