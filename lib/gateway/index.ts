/** The Upstash REST protocol in front of a Redis, Valkey or Redis Cluster. For Node only. */
export type { GatewayLimits } from "./limits.ts";
export { type Gateway, type GatewayOptions, type ServeOptions, startGateway } from "./server.ts";
