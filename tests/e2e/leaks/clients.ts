import type { LoadClient } from "../../support/load.ts";

export const PASSWORD = "a password of the tests";
export const ACCOUNT = "grace.hopper@example.org";

/** Ids that try to break out of a key, a pattern, a line or a script. */
export const HOSTILE = [
  "mallory-7f3a:rate_limit:{x}*",
  "mallory-8b4c\r\nDEL local:lock:*\r\n",
  "mallory-9d5e\0]]..redis.call('FLUSHALL')--",
  'mallory-ae6f"}{\\" é\u0301 🚪',
  "mallory-bf70\ud800",
  `mallory-c081${"x".repeat(240)}`,
];

const PLAIN = {
  artist: "artist-of-the-load-51c7",
  account: ACCOUNT,
  password: PASSWORD,
  query: "hedwig eva maria kiesler",
};

export const CLIENTS: readonly LoadClient[] = [
  { ...PLAIN, address: "203.0.113.177", user: "ada-lovelace", session: "session-ada-4410" },
  {
    ...PLAIN,
    address: "::ffff:198.51.100.123",
    user: "user_29f8a1",
    by: "cookie",
    session: "session-bob-4411",
  },
  {
    ...PLAIN,
    address: "2001:db8:77:1b:abcd:ef01:2345:6789",
    user: "9b2f1c3e-1a2b-4c3d-8e9f-001122334455",
    role: "admin",
    session: "session-eve-4412",
  },
  { ...PLAIN, address: "192.0.2.155", session: "session-unknown-4413", password: "wrong" },
  {
    ...PLAIN,
    address: "[2001:db8:78::5]:4711",
    invented: "hg_live_5d41402abc4b2a76b9719d911017c592",
    session: "session-key-4414",
    account: "Katherine.Johnson@Example.org",
  },
  { ...PLAIN, address: "mallory-d192:{*}", session: "session-none-4415" },
  ...HOSTILE.map((user, i) => ({
    ...PLAIN,
    address: `192.0.2.${200 + i}`,
    user,
    session: `session-mallory-${4420 + i}`,
    account: `${user.slice(0, 12)}@example.org`,
  })),
];

/** Returns the texts that would name a client, in one spelling each. */
export function namesOf({
  address,
  user,
  session,
  artist,
  account,
  invented,
}: LoadClient): string[] {
  const bare = address.replace(/^\[(.*)\]:\d+$/, "$1");
  const names = [bare, session, artist, account, account.toLowerCase()];
  // Only the first part of a hostile id is unique. Other texts may contain the rest.
  const own = user?.startsWith("mallory-") ? [user, user.slice(0, 12)] : [user];
  return [...names, ...own, invented].filter((name) => name !== undefined);
}
