import { createHeadgate } from "#lib/create";
import { ClientLists } from "#lib/control/lists";
import { live } from "#lib/control/live";
import { PrefixTree } from "#lib/control/prefix-tree";
import { readNetwork } from "#lib/core/networks";
import { fromEnv } from "#lib/env";
import { nameOf } from "#lib/redis/protocol";
import type { Requester } from "#lib/redis/upstash-protocol";
import { percentile } from "./numbers.ts";
import { roundOf, type Way } from "./gate.ts";
import type { Report } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

const ROUNDS = 25;
/** Many short rounds, so that other load of the machine affects all alike. */
const SHORT_ROUNDS = 200;
const REQUESTS = 1000;
const BLOCKS = 10_000;
/** The number of looked-up addresses in each round. */
const LOOK_UPS = 100_000;

/** The wanted figures in microseconds. */
const WANTED = { lookUp: 1, following: 0.3 } as const;

/**
 * Measures the cost of control entries: the look-up of an address in 10,000 networks, and the processor time of a
 * checked request over a store that answers at once, compared to a gate without control entries. The rounds
 * alternate.
 *
 * @throws {Error} when a network is not found, or the entries are not in force
 */
export async function benchLive(): Promise<Report> {
  const rows = [...lookUps(), ...(await requests())];
  return {
    data: rows,
    tables: [
      {
        title: "Microseconds of the processor, medians of rounds:",
        head: ["", "µs"],
        rows: rows.map(({ what, us }) => [what, us.toFixed(2)]),
      },
    ],
    wanted: rows.flatMap(({ what, us, most }) =>
      most === undefined ? [] : [wantedOne(what, "at most", most, us, "µs")],
    ),
  };
}

interface Row {
  readonly what: string;
  readonly us: number;
  readonly most?: number;
}

/** The texts of 10,000 networks of 24 bits. */
const NETWORKS = Array.from({ length: BLOCKS }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);

function lookUps(): readonly Row[] {
  const listings = NETWORKS.map((text) => {
    const client = readNetwork(text);
    if (!client) throw new Error(`${text} is no network.`);
    return { list: "block", id: text, until: Infinity, client } as const;
  });
  const tree = new PrefixTree<string>();
  for (const { client, id } of listings) tree.add(client.first, client.bits, id);
  const lists = new ClientLists(listings, []);
  const clients = NETWORKS.map((_, i) => {
    const ip = [10, i >> 8, i & 255, 7];
    return { ip, address: ip.join("."), values: new Map(), counted: new Map() };
  });
  const ways: readonly (readonly [string, (client: (typeof clients)[number]) => unknown])[] = [
    [
      "an address that is read already, in a tree of 10,000 networks",
      ({ ip }) => tree.covering(ip)[0],
    ],
    ["a client's address, against 10,000 blocked networks", (client) => lists.find(client)?.id],
  ];
  for (const [what, way] of ways) {
    const isWrong = clients.some((client, i) => way(client) !== NETWORKS[i]);
    if (isWrong) throw new Error(`Not every network was found: ${what}.`);
  }
  // Only as many addresses as the process keeps parsed: parsing others is not part of the look-up.
  const often = clients.slice(0, 2000);
  const times = ways.map((): number[] => []);
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const [w, [, way]] of ways.entries()) times[w]?.push(microseconds(often, way));
  }
  return ways.map(([what], w) => ({
    what,
    us: percentile(50, times[w] ?? []),
    most: WANTED.lookUp,
  }));
}

/** Measures the processor time of each of many look-ups in microseconds. */
function microseconds<Client>(
  clients: readonly Client[],
  way: (client: Client) => unknown,
): number {
  const before = process.cpuUsage();
  for (let i = 0; i < LOOK_UPS; i += clients.length) for (const client of clients) way(client);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / LOOK_UPS;
}

async function requests(): Promise<readonly Row[]> {
  const ways: readonly (readonly [string, Way])[] = [
    ["a checked request", await gate()],
    ["and nothing is set", await gate([])],
    ["and 10,000 networks are blocked", await gate(NETWORKS)],
  ];
  const times = ways.map((): number[] => []);
  for (const [, way] of ways) await roundOf(way);
  for (let i = 0; i < SHORT_ROUNDS; i += 1) {
    // Each round begins with another gate, because garbage collection may be as regular as the rounds.
    for (let j = 0; j < ways.length; j += 1) {
      const w = (i + j) % ways.length;
      const [, way] = ways[w] as (typeof ways)[number];
      times[w]?.push(await roundOf(way, REQUESTS));
    }
  }
  const [alone = [], ...following] = times;
  const more = following.map((each) => each.map((us, i) => us - (alone[i] ?? NaN)));
  return [
    { what: "a checked request of a gate that follows nothing", us: percentile(50, alone) },
    ...more.map((each, i) => ({
      what: `more for one that follows, ${ways[i + 1]?.[0]}`,
      us: percentile(50, each),
      most: WANTED.following,
    })),
  ];
}

/** Makes a gate over a store that answers at once. With networks it follows control entries that block them. */
async function gate(blocked?: readonly string[]): Promise<Way> {
  const { missing: _, ...settings } = fromEnv({
    HEADGATE_SECRET: "a secret of the benchmark, long enough",
    HEADGATE_NAMESPACE: "bench",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  const { middleware } = createHeadgate(
    { rules: { api: { match: "/api/:path*", limits: { ip: "600 per minute" } } } },
    { ...settings, onEvent: [], connect: () => storeWith(blocked ?? []), ...(blocked && { live }) },
  );
  let work: unknown;
  const event = { waitUntil: (promise: Promise<unknown>) => void (work = promise) };
  const send = (ip: string) =>
    middleware(
      new Request("http://app.example/api/search", { headers: { "x-forwarded-for": ip } }),
      event,
    );
  await send("203.0.113.1");
  await work;
  const { status } = await send("10.0.0.1");
  if (status !== (blocked?.length ? 403 : 200)) throw new Error(`The gate answered ${status}.`);
  return (client) => send(`203.0.113.${client}`);
}

/** Makes a store that answers at once: scripts reply that there is capacity, and the entries block networks. */
function storeWith(blocked: readonly string[]): Requester {
  const until = Date.now() + 86_400_000;
  const fields = blocked.flatMap((network) => [
    network,
    JSON.stringify({ kind: "block", network, until }),
  ]);
  const results: Readonly<Record<string, unknown>> = {
    EVALSHA: [1_750_000_000_000, 1, 5, 0, 1000],
    GET: blocked.length > 0 ? "1" : null,
    TIME: [String(Math.floor(Date.now() / 1000)), "0"],
    HSCAN: ["0", fields],
  };
  const answer = (command: unknown) => ({ result: results[nameOf(command)] });
  return {
    request: async ({ path, body }) =>
      (path ? (body as unknown[]).map(answer) : answer(body)) as never,
  };
}
