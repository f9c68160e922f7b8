/** Users by a signed JWT (RFC 7519), as a separate entry, so that a bundle without it does not contain `jose`. */
export { hostCookie, jwtReader, jwtUser, type JwtReading } from "./jwt.ts";
export { signJwt } from "./sign.ts";
