import { nameIn } from "#lib/source/nodes";
import { nodeOf, nodesOf } from "#lib/source/parse";
import { bindingsOf } from "./bindings.ts";
import { keyOf, type Project, textOf } from "./project.ts";
import { bare, constantOf, cookedOf, finals, part, type Place } from "./values.ts";

/** The client that is counted, as far as an identifier shows. */
export interface Who {
  /** "ip", or names of identities. */
  readonly names: readonly string[];
  /** "first" when the first name with a value is counted, "all" for the combination of all. */
  readonly joined: "first" | "all";
  /** The fixed text of the identifier: `login` of `login:${ip}`. */
  readonly label: string;
  /** The expression of the request whose headers are read: `req` of `req.headers.get("x-forwarded-for")`. */
  readonly request: string | undefined;
  /** The expression of each name's value, for use in the call. */
  readonly values: Readonly<Record<string, string>>;
}

const UNKNOWN: Who = { names: [], joined: "first", label: "", request: undefined, values: {} };
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
 * whoOf(project, place); // { names: ["user"], label: "login:", values: { user: "userId" }, … }
 */
export function whoOf(project: Project, place: Place, depth = 0): Who | undefined {
  const node = bare(place.node);
  const who = depth > DEEPEST ? undefined : read(project, { ...place, node }, depth);
  const [name, ...others] = who?.names ?? [];
  // Each piece of a template or a sum is a value; otherwise the whole expression is one.
  const isPieced = node.type === "TemplateLiteral" || node.type === "BinaryExpression";
  if (!who || name === undefined || others.length > 0 || isPieced) return who;
  return { ...who, values: { [name]: textOf(place.module, place.node) } };
}

function read(project: Project, here: Place, depth: number): Who | undefined {
  const { node } = here;
  const constant = constantOf(project, here);
  if (constant !== undefined) return { ...UNKNOWN, label: String(constant) };
  const of = (value: unknown) => {
    const inner = part(here, value);
    return inner && whoOf(project, inner, depth + 1);
  };
  switch (node.type) {
    case "LogicalExpression":
      return node["operator"] === "&&"
        ? of(node["right"])
        : either([node["left"], node["right"]].map(of));
    case "ConditionalExpression":
      return either([node["consequent"], node["alternate"]].map(of));
    case "TemplateLiteral": {
      const texts = nodesOf(node["quasis"]).map(({ value }) => cookedOf(value));
      return together(nodesOf(node["expressions"]).map(of), texts.join(""));
    }
    case "BinaryExpression":
      return together([node["left"], node["right"]].map(of), "");
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
function either(parts: readonly (Who | undefined)[]): Who | undefined {
  const known = parts.filter((one) => one !== undefined);
  const told = known.filter(({ names }) => names.length > 0);
  if (known.length < parts.length) return undefined;
  if (told.some(({ joined, names }) => joined === "all" && names.length > 1) && told.length > 1) {
    return undefined;
  }
  return joinedAs("first", told.length > 0 ? told : known.slice(0, 1));
}

/** Returns a combination, such as `${ip}:${user.id}`. */
function together(parts: readonly (Who | undefined)[], text: string): Who | undefined {
  const known = parts.filter((one) => one !== undefined);
  if (known.length < parts.length) return undefined;
  if (known.some(({ joined, names }) => joined === "first" && names.length > 1)) {
    return known.filter(({ names }) => names.length > 0).length > 1
      ? undefined
      : labelled(joinedAs("first", known), text);
  }
  return labelled(joinedAs("all", known), text);
}

function labelled(who: Who | undefined, text: string): Who | undefined {
  return who && { ...who, label: who.label + text };
}

function joinedAs(joined: Who["joined"], parts: readonly Who[]): Who | undefined {
  const names = [...new Set(parts.flatMap((one) => one.names))];
  // A limit has at most three names.
  if (names.length > 3) return undefined;
  const label = parts.map((one) => one.label).join("");
  const request = parts.find((one) => one.request !== undefined)?.request;
  const values = Object.assign({}, ...parts.map((one) => one.values));
  return { names, joined: names.length > 1 ? joined : "first", label, request, values };
}

function ofCall(project: Project, place: Place, depth: number): Who | undefined {
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
    return inner && whoOf(project, inner, depth + 1);
  }
  const made = finals(project, place).filter((one) => one.node !== node);
  if (made.length > 0) {
    // The called function has another name for the request.
    const told = either(made.map((one) => whoOf(project, one, depth + 1)));
    return told && { ...told, request: first && requestIn({ ...place, node: first }) };
  }
  return TELLING.test(name) ? identity(name) : undefined;
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

function address(request: string | undefined): Who {
  return { ...UNKNOWN, names: ["ip"], request };
}

function ofMember(project: Project, place: Place, depth: number): Who | undefined {
  const { node } = place;
  const key = keyOf(node);
  const object = nodeOf(node["object"]);
  if (key === undefined || object === undefined) return undefined;
  // The first item of a list, such as x-forwarded-for.
  if (/^\d+$/.test(key)) return whoOf(project, { ...place, node: object }, depth + 1);
  if (ADDRESS_HEADER.test(key) || ADDRESS_NAME.test(key)) {
    return address(key === "ip" ? requestIn({ ...place, node: object }) : undefined);
  }
  const made = finals(project, place).filter((one) => one.node !== node);
  if (made.length > 0) return either(made.map((one) => whoOf(project, one, depth + 1)));
  if (!/^(?:id|sub|uid|_id|key|value|name)$/.test(key)) return identity(key);
  const inner = bare(object);
  return identity((inner.type === "MemberExpression" ? keyOf(inner) : nameIn(inner)) ?? "");
}

const TELLING =
  /(?:user|org|organi[sz]ation|team|account|tenant|workspace|customer|email|member|project)(?:id)?$/i;

function ofName(project: Project, place: Place, depth: number): Who | undefined {
  const name = nameIn(place.node) ?? "";
  const bound = bindingsOf(place.module, name, place.node);
  const values = bound.flatMap((one) => (one.kind === "value" ? [one.node] : []));
  if (values.length > 0 && !TELLING.test(name)) {
    // `let ip = request.ip; if (!ip) ip = "127.0.0.1"` is either.
    const told = either(values.map((node) => whoOf(project, { ...place, node }, depth + 1)));
    if (told) return told;
  }
  if (ADDRESS_NAME.test(name)) return address(undefined);
  const given = finals(project, place).filter((one) => one.node !== place.node);
  if (given.length > 0 && values.length === 0) {
    return either(given.map((one) => whoOf(project, one, depth + 1)));
  }
  return bound.some(({ kind }) => kind === "param") && !TELLING.test(name)
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
function identity(name: string): Who | undefined {
  const [, rest = ""] =
    /^(?:get|current|fetch|require|the)?_*([A-Za-z]\w*?)(?:_?id)?$/i.exec(name) ?? [];
  const lower = rest.charAt(0).toLowerCase() + rest.slice(1);
  return EMPTY_NAME.test(lower) || !/^[a-z][a-zA-Z\d]{0,40}$/.test(lower)
    ? undefined
    : { ...UNKNOWN, names: [lower] };
}

/** Returns the client as a key of `limits`. */
export function subjectOf({ names, joined }: Who): string {
  return names.length === 0 ? "global" : names.join(joined === "all" ? "+" : "|");
}
