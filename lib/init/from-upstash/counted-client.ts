import { nameIn } from "#lib/source/nodes";
import { nodeOf, nodesOf } from "#lib/source/parse";
import { bindingsOf } from "./bindings.ts";
import { keyOf, type Project, textOf } from "./project.ts";
import { cookedOf } from "./literals.ts";
import { bare, part, type Place } from "./place.ts";
import { constantOf, finals } from "./values.ts";

/** The client that is counted, as far as an identifier shows. */
export interface CountedClient {
  /** "ip", or names of identities. */
  readonly names: readonly string[];
  /** "first" when the first name with a value is counted, "all" for the combination of all. */
  readonly combined: "first" | "all";
  /** The fixed text of the identifier: `login` of `login:${ip}`. */
  readonly label: string;
  /** The expression of the request whose headers are read: `req` of `req.headers.get("x-forwarded-for")`. */
  readonly request: string | undefined;
  /** The expression of each name's value, for use in the call. */
  readonly values: Readonly<Record<string, string>>;
}

const UNKNOWN: CountedClient = {
  names: [],
  combined: "first",
  label: "",
  request: undefined,
  values: {},
};
const DEEPEST = 8;

const ADDRESS_HEADER =
  /^(?:x-forwarded-for|x-real-ip|x-client-ip|x-vercel-forwarded-for|x-vercel-ip|cf-connecting-ip|true-client-ip|fly-client-ip|forwarded)$/i;
const ADDRESS_NAME =
  /^(?:get|extract|resolve|client|request|req|user|remote|caller|visitor|raw)*_?(?:ip|ips|ip_?addr(?:ess)?|remote_?addr(?:ess)?)(?:from\w*|or\w*)?$/i;
/** Methods and functions that do not change the client. */
const SAME =
  /^(?:trim|to(?:Lower|Upper)Case|toString|split|at|replace(?:All)?|slice|substring|digest|update|pop|shift|String|encodeURIComponent|\w*(?:hash|sha|normali[sz]e|sanitize)\w*)$/i;

/**
 * Returns the client that `limit(identifier)` counts; undefined when the source does not show it.
 *
 * @example
 * // limit(`login:${userId}`)
 * clientOf(project, place); // { names: ["user"], label: "login:", values: { user: "userId" }, … }
 */
export function clientOf(project: Project, place: Place, depth = 0): CountedClient | undefined {
  const node = bare(place.node);
  const client = depth > DEEPEST ? undefined : read(project, { ...place, node }, depth);
  const [name, ...others] = client?.names ?? [];
  // Each piece of a template or a sum is a value; otherwise the whole expression is one.
  const isPieced = node.type === "TemplateLiteral" || node.type === "BinaryExpression";
  if (!client || name === undefined || others.length > 0 || isPieced) return client;
  return { ...client, values: { [name]: textOf(place.module, place.node) } };
}

function read(project: Project, here: Place, depth: number): CountedClient | undefined {
  const { node } = here;
  const constant = constantOf(project, here);
  if (constant !== undefined) return { ...UNKNOWN, label: String(constant) };
  const of = (value: unknown) => {
    const inner = part(here, value);
    return inner && clientOf(project, inner, depth + 1);
  };
  switch (node.type) {
    case "LogicalExpression":
      return node["operator"] === "&&"
        ? of(node["right"])
        : alternatives([node["left"], node["right"]].map(of));
    case "ConditionalExpression":
      return alternatives([node["consequent"], node["alternate"]].map(of));
    case "TemplateLiteral": {
      const texts = nodesOf(node["quasis"]).map(({ value }) => cookedOf(value));
      return combination(nodesOf(node["expressions"]).map(of), texts.join(""));
    }
    case "BinaryExpression":
      return combination([node["left"], node["right"]].map(of), "");
    case "CallExpression":
      return ofCall(project, here, depth);
    case "MemberExpression":
      return ofMember(project, here, depth);
    case "Identifier":
      return ofName(project, here, depth);
    default:
      return undefined;
  }
}

/**
 * Returns the alternatives of which the first with a value counts. A constant, such as "anonymous", is for
 * clients without a value.
 */
function alternatives(parts: readonly (CountedClient | undefined)[]): CountedClient | undefined {
  const known = parts.filter((one) => one !== undefined);
  const identified = known.filter(({ names }) => names.length > 0);
  if (known.length < parts.length) return undefined;
  if (
    identified.some(({ combined, names }) => combined === "all" && names.length > 1) &&
    identified.length > 1
  ) {
    return undefined;
  }
  return combinedAs("first", identified.length > 0 ? identified : known.slice(0, 1));
}

/** Returns a combination, such as `${ip}:${user.id}`. */
function combination(
  parts: readonly (CountedClient | undefined)[],
  text: string,
): CountedClient | undefined {
  const known = parts.filter((one) => one !== undefined);
  if (known.length < parts.length) return undefined;
  if (known.some(({ combined, names }) => combined === "first" && names.length > 1)) {
    return known.filter(({ names }) => names.length > 0).length > 1
      ? undefined
      : labelled(combinedAs("first", known), text);
  }
  return labelled(combinedAs("all", known), text);
}

function labelled(client: CountedClient | undefined, text: string): CountedClient | undefined {
  return client && { ...client, label: client.label + text };
}

function combinedAs(
  combined: CountedClient["combined"],
  parts: readonly CountedClient[],
): CountedClient | undefined {
  const names = [...new Set(parts.flatMap((one) => one.names))];
  // A limit has at most three names.
  if (names.length > 3) return undefined;
  const label = parts.map((one) => one.label).join("");
  const request = parts.find((one) => one.request !== undefined)?.request;
  const values = Object.assign({}, ...parts.map((one) => one.values));
  return { names, combined: names.length > 1 ? combined : "first", label, request, values };
}

function ofCall(project: Project, place: Place, depth: number): CountedClient | undefined {
  const { node } = place;
  const callee = nodeOf(node["callee"]);
  const first = nodesOf(node["arguments"])[0];
  const isMethod = callee?.type === "MemberExpression";
  const name = (isMethod ? keyOf(callee) : nameIn(callee)) ?? "";
  if (isMethod && name === "get" && ADDRESS_HEADER.test(nameIn(first) ?? "")) {
    return address(requestOf(project, part(place, callee["object"])));
  }
  if (ADDRESS_NAME.test(name)) return address(first && requestIn({ ...place, node: first }));
  if (SAME.test(name)) {
    const inner = part(
      place,
      isMethod && !/hash|sha|normali|sanitize/i.test(name) ? callee["object"] : first,
    );
    return inner && clientOf(project, inner, depth + 1);
  }
  const made = finals(project, place).filter((one) => one.node !== node);
  if (made.length > 0) {
    // The called function has another name for the request.
    const identified = alternatives(made.map((one) => clientOf(project, one, depth + 1)));
    return identified && { ...identified, request: first && requestIn({ ...place, node: first }) };
  }
  return IDENTIFYING.test(name) ? identity(name) : undefined;
}

/**
 * Returns `req` of `req.headers`, the expression whose headers are read. For Next's `headers()`, returns a
 * new request with these headers.
 */
function requestOf(project: Project, headers: Place | undefined): string | undefined {
  const [made] = headers ? finals(project, headers) : [];
  if (!headers || !made) return undefined;
  if (made.node.type === "CallExpression") {
    if (nameIn(made.node["callee"]) !== "headers") return undefined;
    const text = textOf(headers.module, headers.node);
    return `new Request("http://app.invalid/", { headers: new Headers(${text}) })`;
  }
  if (made.node.type !== "MemberExpression" || keyOf(made.node) !== "headers") return undefined;
  return textOf(made.module, nodeOf(made.node["object"]) ?? made.node);
}

function requestIn({ module, node }: Place): string | undefined {
  return /^(?:req|request)$/.test(nameIn(node) ?? "") ? textOf(module, node) : undefined;
}

function address(request: string | undefined): CountedClient {
  return { ...UNKNOWN, names: ["ip"], request };
}

function ofMember(project: Project, place: Place, depth: number): CountedClient | undefined {
  const { node } = place;
  const key = keyOf(node);
  const object = nodeOf(node["object"]);
  if (key === undefined || object === undefined) return undefined;
  // The first item of a list, such as x-forwarded-for.
  if (/^\d+$/.test(key)) return clientOf(project, { ...place, node: object }, depth + 1);
  if (ADDRESS_HEADER.test(key) || ADDRESS_NAME.test(key)) {
    return address(key === "ip" ? requestIn({ ...place, node: object }) : undefined);
  }
  const made = finals(project, place).filter((one) => one.node !== node);
  if (made.length > 0) return alternatives(made.map((one) => clientOf(project, one, depth + 1)));
  if (!/^(?:id|sub|uid|_id|key|value|name)$/.test(key)) return identity(key);
  const inner = bare(object);
  return identity((inner.type === "MemberExpression" ? keyOf(inner) : nameIn(inner)) ?? "");
}

const IDENTIFYING =
  /(?:user|org|organi[sz]ation|team|account|tenant|workspace|customer|email|member|project)(?:id)?$/i;

function ofName(project: Project, place: Place, depth: number): CountedClient | undefined {
  const name = nameIn(place.node) ?? "";
  const bound = bindingsOf(place.module, name, place.node);
  const values = bound.flatMap((one) => (one.kind === "value" ? [one.node] : []));
  if (values.length > 0 && !IDENTIFYING.test(name)) {
    // `let ip = request.ip; if (!ip) ip = "127.0.0.1"` is alternatives.
    const identified = alternatives(
      values.map((node) => clientOf(project, { ...place, node }, depth + 1)),
    );
    if (identified) return identified;
  }
  if (ADDRESS_NAME.test(name)) return address(undefined);
  const given = finals(project, place).filter((one) => one.node !== place.node);
  if (given.length > 0 && values.length === 0) {
    return alternatives(given.map((one) => clientOf(project, one, depth + 1)));
  }
  return bound.some(({ kind }) => kind === "param") && !IDENTIFYING.test(name)
    ? undefined
    : identity(name);
}

/** Names that do not identify a client. */
const EMPTY_NAME =
  /^(?:|id|key|identifier|ident|identity|token|value|name|x|s|str|k|input|data|body|params|subject|client|caller)$/i;

/**
 * Returns an identity by the name of a variable or property: "user" of `userId`; undefined when it names
 * none.
 */
function identity(name: string): CountedClient | undefined {
  const [, rest = ""] =
    /^(?:get|current|fetch|require|the)?_*([A-Za-z]\w*?)(?:_?id)?$/i.exec(name) ?? [];
  const lower = rest.charAt(0).toLowerCase() + rest.slice(1);
  return EMPTY_NAME.test(lower) || !/^[a-z][a-zA-Z\d]{0,40}$/.test(lower)
    ? undefined
    : { ...UNKNOWN, names: [lower] };
}

/** Returns the client as a key of `limits`. */
export function subjectOf({ names, combined }: CountedClient): string {
  return names.length === 0 ? "global" : names.join(combined === "all" ? "+" : "|");
}
