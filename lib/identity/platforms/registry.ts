// Every source of client addresses: another one needs its own file and one line here. The type AddressSource,
// the forms of CLIENT_IP_FROM with their errors, and the headers that our own server drops come from this list.
export { CLOUDFLARE } from "./cloudflare.ts";
export { HEADER } from "./header.ts";
export { HOPS } from "./hops.ts";
export { SOCKET } from "./socket.ts";
export { TRUSTED } from "./trusted.ts";
export { VERCEL } from "./vercel.ts";
export { VERCEL_CLOUDFLARE } from "./vercel-cloudflare.ts";
