/** A mark in every bad value, so that tests can search messages, logs and output for it. */
export const MARK = "Hunter2Hunter2Hunter2Hunter2Hunter2";

/** Tokens that no store issues and no header can contain. */
export const BAD_TOKENS: readonly string[] = [
  `"${MARK}"`,
  `'${MARK}'`,
  `“${MARK}”`,
  `"${MARK}`,
  `Bearer ${MARK}`,
  `${MARK} ${MARK}`,
  `${MARK}\n${MARK}`,
  `${MARK}\u0007`,
  `${MARK}\u200b`,
  `${MARK}é`,
];

/** Invalid addresses of a REST API. */
export const BAD_REST_URLS: readonly string[] = [
  `"https://${MARK}.example"`,
  `'https://${MARK}.example'`,
  `https://${MARK}.example"`,
  `https://user:${MARK}@store.example`,
  `https://${MARK}@store.example`,
  `https://store.example?token=${MARK}`,
  `https://store.example/?`,
  `https://store.example#${MARK}`,
  `https://store.example/a b/${MARK}`,
  `https://store.\n${MARK}.example`,
  `https://store.example:0/${MARK}`,
  `https://store.example:70000/${MARK}`,
  `https:///${MARK}?`,
  `redis://:${MARK}@store.example`,
  `${MARK}.example`,
];

/** Addresses of a Redis that ioredis would interpret differently, or that are invalid. */
export const BAD_REDIS_URLS: readonly string[] = [
  `"redis://:${MARK}@127.0.0.1:1"`,
  `'redis://:${MARK}@127.0.0.1:1'`,
  `redis://:${MARK}@127.0.0.1:1"`,
  `redis://:${MARK}@127.0.0.1:1/notadb`,
  `redis://:${MARK}@127.0.0.1:1/3/4`,
  `redis://:${MARK}@127.0.0.1:1/-1`,
  `redis://:${MARK}@127.0.0.1:1/03`,
  `redis://:${MARK}@127.0.0.1:1/3.5`,
  `redis://:${MARK}@127.0.0.1:1/1234567`,
  `redis://:${MARK}@127.0.0.1:1/ 3`,
  `redis://:${MARK}@127.0.0.1:1/%203`,
  `redis://:${MARK}@127.0.0.1:1?db=3`,
  `redis://:${MARK}@127.0.0.1:1?family=6`,
  `redis://:${MARK}@127.0.0.1:1/3?`,
  `redis://:${MARK}@127.0.0.1:1/#3`,
  `redis://:${MARK}@127.0.0.1:0`,
  `redis://:${MARK}@127.0.0.1:70000`,
  `redis://:${MARK}@127.0.0.1:port`,
  `redis:///${MARK}`,
  `redis:///3`,
  `redis:${MARK}`,
  `redis://:%${MARK}@127.0.0.1:1`,
  `redis://:${MARK}%ZZ@127.0.0.1:1`,
  `redis://:a b${MARK}@127.0.0.1:1`,
  `redis://:${MARK}\n@127.0.0.1:1`,
  `redis://:${MARK}#1@127.0.0.1:1`,
  `redis://%41${MARK}:1`,
  `redis://[::1:${MARK}`,
  `redis+tls://:${MARK}@127.0.0.1:1`,
  `http://:${MARK}@127.0.0.1:1`,
  `127.0.0.1:1/${MARK}`,
];

/** Secrets in quotes. An instance whose platform removes quotes would have another secret. */
export const BAD_SECRETS: readonly string[] = [
  `"${MARK}"`,
  `'${MARK}'`,
  `${MARK}"`,
  `${MARK}\n${MARK}`,
  `${MARK}\u200b`,
  MARK.slice(0, 12),
];

/** Returns true if a text reveals a bad value. */
export function told(text: string): boolean {
  return text.includes(MARK.slice(0, 7));
}
