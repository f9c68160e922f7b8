/** Our Node server around Next, and the functions that programs beside it share. For Node alone. */
export { buildNext, runBuild } from "./build.ts";
export { exitOnStopSignal, stopSignal } from "./drain.ts";
export { loadEnvFiles } from "./env-files.ts";
export { type Guarded, startGuarded, temporaryFolder } from "./guarded.ts";
export { type ListenAddress, listenAddress } from "./listening.ts";
export { namedRedis, namedStore } from "./named-store.ts";
export { packageName } from "./package-name.ts";
export { recordRunningStore, redisEndpoint, runningMode, runningStore } from "./running-store.ts";
export { type Companion, printLine, type Served, serveApp } from "./serve-app.ts";
export { type ChosenStore, chooseStore } from "./store.ts";
export { chooseNamedStore } from "./named-store-only.ts";
