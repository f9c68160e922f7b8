/** Users by a signed JWT (RFC 7519). A separate entry, so that a bundle without it has no `jose`. */
export { hostCookie, jwtReader, jwtUser, type JwtReading } from "./jwt.ts";
export { signJwt } from "./sign.ts";
