/** A variable of .env.example: its name, the comment lines above it, and the line itself. */
interface Entry {
  readonly name: string;
  readonly comment: readonly string[];
  readonly line: string;
}

const ENTRIES: readonly Entry[] = [
  {
    name: "UPSTASH_REDIS_REST_URL",
    comment: [
      "Where Headgate counts: the REST address and token of an Upstash database, or of npx headgate gateway",
      "in front of any Redis. In development without them, requests are counted in the process.",
    ],
    line: "UPSTASH_REDIS_REST_URL=",
  },
  { name: "UPSTASH_REDIS_REST_TOKEN", comment: [], line: "UPSTASH_REDIS_REST_TOKEN=" },
  {
    name: "CLIENT_IP_FROM",
    comment: [
      "Where the client's address comes from: vercel, cloudflare, hops:1 behind one proxy, or header:NAME.",
      "On Vercel and Workers, and under npx headgate start, it is known.",
    ],
    line: "# CLIENT_IP_FROM=hops:1",
  },
  {
    name: "HEADGATE_SECRET",
    comment: [
      "The secret of the client keys in Redis: openssl rand -base64 32. Without it, it is derived",
      "from the token above.",
    ],
    line: "# HEADGATE_SECRET=",
  },
];

/**
 * Returns the text of .env.example with Headgate's variables. Missing variables are added at its end.
 *
 * @param before its text; undefined when there is no such file
 */
export function envExample(before: string | undefined): string {
  const isNamed = (name: string) => new RegExp(`^[#\\s]*(?:export\\s+)?${name}\\s*=`, "m");
  const missing = ENTRIES.filter(({ name }) => !isNamed(name).test(before ?? ""));
  if (missing.length === 0) return before ?? "";
  const added = missing
    .map(({ comment, line }) => [...comment.map((it) => `# ${it}`), line].join("\n"))
    .join("\n");
  if (before === undefined || before.trim() === "") return `${added}\n`;
  const after = `${before.trimEnd()}\n\n${added}\n`;
  return before.includes("\r\n") ? after.replaceAll(/\r?\n/g, "\r\n") : after;
}
