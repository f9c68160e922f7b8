import fc from "fast-check";

const encoded = (header: unknown) => Buffer.from(JSON.stringify(header)).toString("base64url");

/** Replaces the character at `at` by another one of base64url. */
function changedAt(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === "A" ? "Q" : "A"}${text.slice(at + 1)}`;
}

const HEADERS: Readonly<Record<string, unknown>> = {
  "the algorithm none": { alg: "none", typ: "JWT" },
  "an algorithm with a secret": { alg: "HS256", typ: "JWT" },
  "an algorithm of public keys": { alg: "RS256", typ: "JWT" },
  "an algorithm that is unknown": { alg: "XS1", typ: "JWT" },
  "an algorithm that is a list": { alg: ["RS256"], typ: "JWT" },
  "no algorithm": { typ: "JWT" },
  "an extension": { alg: "RS256", crit: ["b64"], b64: false },
  "a list in the place of an object": ["RS256"],
  "null in the place of an object": null,
  "very much in it": { alg: "RS256", padding: "x".repeat(20_000) },
};

/** Returns tokens in a compact form that no server issued, each made of a valid one: its fault and the token. */
export function tamperedTokens(token: string): [title: string, token: string][] {
  const parts = token.split(".");
  const withPart = (at: number, part: string) => parts.with(at, part).join(".");
  const perPart = parts.flatMap((part, i): [string, string][] => [
    [`part ${i} without its end`, withPart(i, part.slice(0, -4))],
    [`part ${i} with four characters more`, withPart(i, `${part}AAAA`)],
    [`no part ${i}`, parts.toSpliced(i, 1).join(".")],
    ...(part === ""
      ? []
      : [0, part.length >> 1].map((at): [string, string] => [
          `part ${i} with another character at ${at}`,
          withPart(i, changedAt(part, at)),
        ])),
    [`part ${i} empty`, withPart(i, part === "" ? "AAAA" : "")],
    [`part ${i} of no base64`, withPart(i, "%00!*")],
  ]);
  const all: [string, string][] = [
    ...perPart,
    ...Object.entries(HEADERS).map(([title, header]): [string, string] => [
      `a header with ${title}`,
      withPart(0, encoded(header)),
    ]),
    ["a header that nests deep", withPart(0, Buffer.from("[".repeat(700)).toString("base64url"))],
    ["a header that is no JSON", withPart(0, Buffer.from("{alg").toString("base64url"))],
    ["a part more", `${token}.`],
    ["thousands of parts", ".".repeat(5000)],
    ["no dot", token.replaceAll(".", "")],
    ["nothing", ""],
    ["very many characters", "A".repeat(40_000)],
    // The text is in a header, which has one byte for each character.
    ["a character that is not in ASCII", `\u00E9${token}`],
    [
      "a character that is not in ASCII for another",
      `${token.slice(0, -9)}\u00E9${token.slice(-8)}`,
    ],
  ];
  // An empty part cannot be truncated.
  return all.filter(([, tampered]) => tampered !== token);
}

/** Random changes that a client can make to a text. */
const MUTATIONS = fc.array(
  fc.record({
    kind: fc.constantFrom("change", "cut", "repeat", "swap", "insert"),
    at: fc.nat(1_000_000),
    length: fc.integer({ min: 1, max: 40 }),
    other: fc.constantFrom("A", "_", "-", ".", "=", "%", ";", " ", "\t", '"', "0", "%2E", "\u00E9"),
  }),
  { minLength: 1, maxLength: 3 },
);

type Mutation = (typeof MUTATIONS extends fc.Arbitrary<infer T> ? T : never)[number];

function mutate(text: string, { kind, at: anywhere, length, other }: Mutation): string {
  const at = anywhere % (text.length + 1);
  const [before, after] = [text.slice(0, at), text.slice(at + length)];
  const part = text.slice(at, at + length);
  if (kind === "cut") return before + after;
  if (kind === "repeat") return before + part + part + after;
  if (kind === "swap") return before + after + part;
  if (kind === "insert") return before + other + part + after;
  return before + other + part.slice(1) + after;
}

type Names = (text: string) => Promise<string | undefined>;

interface Compared {
  readonly ours: Names;
  readonly theirs: Names;
  /** The library's verdict on the text in its one accepted spelling, if the resolver accepts more. */
  readonly theirsRespelled?: Names;
}

interface Disagreements {
  /** Texts with a user according to the resolver, but not according to the library. */
  readonly alone: string[];
  /** Texts with a user according to the library, but not the same one according to the resolver. */
  readonly missed: string[];
}

/**
 * Changes a valid text at random many times, and returns the texts on which a resolver and the library
 * disagree.
 *
 * @throws Error when the valid text names no user, because then nothing would be compared
 */
export async function disagreements(
  good: string,
  { ours, theirs, theirsRespelled = theirs }: Compared,
  times = 200,
): Promise<Disagreements> {
  if (!(await ours(good))) throw new Error("The text that is changed must name a user.");
  const found: Disagreements = { alone: [], missed: [] };
  for (const mutations of fc.sample(MUTATIONS, times)) {
    const text = mutations.reduce(mutate, good);
    const [name, other] = [await ours(text), await theirs(text)];
    if (name !== undefined && (await theirsRespelled(text)) !== name) found.alone.push(text);
    if (other !== undefined && other !== name) found.missed.push(text);
  }
  return found;
}

/** Returns a token whose last parts are in the one spelling that libraries write, of several readable ones. */
export function inOneSpelling(token: string, parts = 1): string {
  const all = token.split(".");
  return all.map((part, i) => (i < all.length - parts ? part : inBase64Url(part))).join(".");
}

/** Returns the canonical form of the bytes that Node's Buffer decodes. */
function inBase64Url(part: string): string {
  return Buffer.from(part, "base64url").toString("base64url");
}
