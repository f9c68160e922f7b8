/** Users by a signed JWT (RFC 7519). An entry of its own: it is what needs `jose`. */
export { hostCookie, jwtReader, jwtUser, type JwtReading } from "./jwt.ts";
export { signJwt } from "./sign.ts";
