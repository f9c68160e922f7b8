// Every format of headers, by its name: another one needs its own file and one line here. The setting
// `legacyHeaders`, its variable, and the headers that pages may read come from this list.
export { DRAFT_11 } from "./draft-11.ts";
export { X_RATELIMIT } from "./x-ratelimit.ts";
