/** Users by a signed JWT (RFC 7519). A separate entry, since only it needs `jose`. */
export { hostCookie, jwtReader, jwtUser, type JwtReading } from "./jwt.ts";
export { signJwt } from "./sign.ts";
