import { describe, expect, test } from "vitest";
import * as z from "zod";
import { MAX_BODY_BYTES, readBody } from "#app/_domain/http/body";

const schema = z.strictObject({ q: z.string().max(5).optional(), deep: z.unknown().optional() });
const JSON_TYPE = { "content-type": "application/json" };

function post(body: BodyInit | null, headers: Record<string, string> = JSON_TYPE): Request {
  // A stream requires `duplex`, which the DOM's types do not have yet.
  const init = { method: "POST", body, headers, duplex: "half" };
  return new Request("http://app.example/api", init);
}

/** Reads a body that must be rejected. */
async function refused(request: Request, whenEmpty?: z.infer<typeof schema>) {
  const read = await readBody(request, schema, whenEmpty ? { whenEmpty } : {});
  if (read.ok) throw new Error(`${JSON.stringify(read.value)} was accepted`);
  const problem: unknown = await read.rejection.json();
  expect(read.rejection.headers.get("content-type")).toBe("application/problem+json");
  expect(read.rejection.headers.get("cache-control")).toBe("no-store");
  expect(problem).toMatchObject({ status: read.rejection.status, type: "about:blank" });
  return { status: read.rejection.status, headers: read.rejection.headers, problem };
}

describe("readBody", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON ;charset=UTF-8",
  ])("readBody reads JSON of the type %s", async (type) => {
    const read = await readBody(post('{"q":"é"}', { "content-type": type }), schema);
    expect(read).toStrictEqual({ ok: true, value: { q: "é" } });
  });

  test("readBody reads a body in chunks that split a letter", async () => {
    const bytes = new TextEncoder().encode('{"q":"Łódź"}');
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await readBody(post(pieces), schema)).toStrictEqual({ ok: true, value: { q: "Łódź" } });
  });

  test("readBody reads a body of exactly the largest size", async () => {
    const text = '{"q":"a"}'.padEnd(MAX_BODY_BYTES, " ");
    expect(await readBody(post(text), schema)).toStrictEqual({ ok: true, value: { q: "a" } });
  });

  test.each([
    ["no body", null, {}],
    ["an empty body", "", JSON_TYPE],
    ["an empty body of another type", "", { "content-type": "text/plain" }],
  ])("readBody accepts %s when an empty body is allowed", async (_, body, headers) => {
    const read = await readBody(post(body, headers), schema, { whenEmpty: {} });
    expect(read).toStrictEqual({ ok: true, value: {} });
  });
});

describe("readBody rejects an empty body when one is required", () => {
  test.each([null, ""])("the empty body %j is rejected with 400", async (body) => {
    const { status, problem } = await refused(post(body, {}));
    expect(status).toBe(400);
    expect(problem).toHaveProperty("errors", [
      { pointer: "#", detail: "A JSON body is required." },
    ]);
  });
});

describe("readBody rejects a large body with 413", () => {
  test("a large body is rejected by its Content-Length without reading it", async () => {
    const request = post('{"q":"a"}', { ...JSON_TYPE, "content-length": "65537" });
    expect((await refused(request)).status).toBe(413);
    expect(request.bodyUsed).toBe(false);
  });

  test.each([
    ["without a stated length", {}],
    ["with a wrong length", { "content-length": "10" }],
    ["with a length that is not a number", { "content-length": "many" }],
  ])("a large body %s is rejected by counting, without reading the rest", async (_, stated) => {
    let sent = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1000;
        controller.enqueue(new Uint8Array(1000).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect((await refused(post(endless, { ...JSON_TYPE, ...stated }))).status).toBe(413);
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(MAX_BODY_BYTES + 5000);
  });

  test("a large body is rejected before its type or its JSON is checked", async () => {
    const text = "x".repeat(MAX_BODY_BYTES + 1);
    expect((await refused(post(text, { "content-type": "text/plain" }))).status).toBe(413);
  });
});

describe("readBody rejects another type with 415 and names the accepted type", () => {
  test.each<Record<string, string>>([
    {},
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/jsonp" },
    { "content-type": "text/plain; application/json" },
    { "content-type": "application/json, text/plain" },
    { ...JSON_TYPE, "content-encoding": "gzip" },
  ])("a body with the headers %j is rejected with 415", async (headers) => {
    const bytes = new TextEncoder().encode('{"q":"a"}');
    const { status, headers: answered } = await refused(post(bytes, headers));
    expect(status).toBe(415);
    expect(answered.get("accept")).toBe("application/json");
  });
});

describe("readBody rejects a body that is not JSON in UTF-8 with 400", () => {
  test.each<[string, BodyInit]>([
    ["a truncated object", '{"q":'],
    ["two values", '{"q":"a"}{"q":"b"}'],
    ["a form", "q=a"],
    ["only spaces", "   "],
    ["an invalid byte", new Uint8Array([0x7b, 0x22, 0x71, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
    ["an overlong form", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ["text in UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
    ["only brackets", "[".repeat(MAX_BODY_BYTES)],
  ])("a body with %s is rejected with 400", async (_, body) => {
    const { status, problem } = await refused(post(body), {});
    expect(status).toBe(400);
    expect(problem).toHaveProperty("errors", [
      { pointer: "#", detail: "The body is not JSON in UTF-8." },
    ]);
  });

  test("readBody rejects a body that breaks off with 400", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("gone")),
    });
    const { status, problem } = await refused(post(broken));
    expect(status).toBe(400);
    expect(JSON.stringify(problem)).not.toContain("gone");
  });
});

describe("readBody rejects a body that does not match the schema with 400 and names the place", () => {
  test.each([
    ["an unknown field", '{"q":"a","x":1}', "#", 'Unrecognized key: "x"'],
    ["a __proto__", '{"__proto__":{"q":"a"}}', "#", 'Unrecognized key: "__proto__"'],
    ["a wrong type", '{"q":5}', "#/q", "Invalid input: expected string, received number"],
    [
      "null for an absent field",
      '{"q":null}',
      "#/q",
      "Invalid input: expected string, received null",
    ],
    [
      "text that is too long",
      '{"q":"abcdef"}',
      "#/q",
      "Too big: expected string to have <=5 characters",
    ],
    ["an array instead of an object", "[]", "#", "Invalid input: expected object, received array"],
    ["null instead of an object", "null", "#", "Invalid input: expected object, received null"],
    ["text instead of an object", '"q"', "#", "Invalid input: expected object, received string"],
  ])("a body with %s is rejected with 400 and its place", async (_, body, pointer, detail) => {
    const { status, problem } = await refused(post(body));
    expect(status).toBe(400);
    expect(problem).toHaveProperty("errors", [{ pointer, detail }]);
  });

  test("readBody lists every error with a JSON Pointer", async () => {
    const nested = z.strictObject({ "a/b~c d": z.array(z.number()) });
    const read = await readBody(post('{"a/b~c d":[1,"x"],"y":0}'), nested);
    const problem: unknown = read.ok ? undefined : await read.rejection.json();
    expect(problem).toHaveProperty("errors", [
      {
        pointer: "#/a~1b~0c%20d/1",
        detail: "Invalid input: expected number, received string",
      },
      { pointer: "#", detail: 'Unrecognized key: "y"' },
    ]);
  });

  test("readBody repeats only a part of a hostile body", async () => {
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, 0]));
    const { problem } = await refused(post(JSON.stringify(keys)));
    expect(JSON.stringify(problem).length).toBeLessThan(500);
    const numbers = z.array(z.string());
    const read = await readBody(post(JSON.stringify(Array(5000).fill(0))), numbers);
    const list: unknown = read.ok ? undefined : await read.rejection.json();
    expect(list).toHaveProperty("errors.length", 10);
  });

  test("readBody survives the deepest nesting that fits", async () => {
    const half = 32_000;
    const body = `{"deep":${"[".repeat(half)}${"]".repeat(half)}}`;
    expect((await readBody(post(body), schema)).ok).toBe(true);
  });
});
