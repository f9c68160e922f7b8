// Every algorithm. A new algorithm needs its own file and one line here; all.ts derives the rest.
export { FIXED_WINDOW } from "./fixed-window.ts";
export { SLIDING_LOG } from "./sliding-log.ts";
export { SLIDING_WINDOW } from "./sliding-window.ts";
export { TOKEN_BUCKET } from "./token-bucket.ts";
