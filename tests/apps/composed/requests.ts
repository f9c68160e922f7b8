import { describe, expect, test } from "vitest";
import type { ComposedApp } from "./app.ts";

/** The `proxyClientMaxBodySize` of next.config. */
const ELEVEN_MB = 11_534_336;

/** Tests bodies, and pages that call their own API. */
export function testRequests(composed: ComposedApp): void {
  const { newClient } = composed;

  describe("a body", () => {
    const sized = (bytes: number) => ({ method: "POST", body: new Uint8Array(bytes) });
    const chunked = () => ({
      method: "POST",
      duplex: "half" as const,
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(1000));
          controller.close();
        },
      }),
    });

    test("a body of the size limit of Next reaches the handler whole", async () => {
      const answer = await newClient()("/api/upload", sized(ELEVEN_MB));
      expect(await answer.json()).toEqual({ bytes: ELEVEN_MB });
    });

    test.each(["/api/upload", "/own/answer", "/no-rule-here"])(
      "a body above the size limit of Next is denied with a problem on %s, never truncated",
      async (path) => {
        const answer = await newClient()(path, sized(ELEVEN_MB + 1));
        expect(answer.status).toBe(413);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(await answer.json()).toMatchObject({ status: 413, title: "Content Too Large" });
      },
    );

    test("maxBody of a rule limits a body, also under another name of the route", async () => {
      const call = newClient();
      expect(await (await call("/api/upload/bounded", sized(102_400))).json()).toEqual({
        bytes: 102_400,
      });
      expect((await call("/api/upload/bounded", sized(102_401))).status).toBe(413);
    });

    test("a body needs a Content-Length only under a rule with maxBody", async () => {
      const call = newClient();
      expect((await call("/api/upload/bounded", chunked())).status).toBe(411);
      expect(await (await call("/api/upload", chunked())).json()).toEqual({ bytes: 1000 });
      // A request without a body needs no length.
      const none = await call("/api/upload/bounded", { method: "POST" });
      expect(await none.json()).toEqual({ bytes: 0 });
    });
  });

  describe("a page that calls its own API", () => {
    /** The status that the page got from the API. Each visitor has another address. */
    const innerOf = async (path: string, visit = newClient()) =>
      /inner (?:<!-- -->)?(\d+)/.exec(await (await visit(path)).text())?.[1];

    test("a page that calls its API as the visitor counts each of 12 visitors separately", async () => {
      const visitors = Array.from({ length: 12 }, () => newClient());
      const inner = await Promise.all(
        visitors.map((visit) => innerOf("/visited?as=visitor", visit)),
      );
      expect(inner).toEqual(Array.from({ length: 12 }, () => "200"));
      const [visit = newClient()] = visitors;
      expect(await innerOf("/visited?as=visitor", visit)).toBe("200");
      expect(await innerOf("/visited?as=visitor", visit)).toBe("429");
    });

    test("a page that calls its API as itself counts all visitors by the server's address", async () => {
      const inner = [];
      for (let i = 0; i < 6; i += 1) inner.push(await innerOf("/visited"));
      expect(inner).toEqual(["200", "200", "429", "429", "429", "429"]);
    });

    test("a client gains nothing from a forged x-headgate-visitor header", async () => {
      const forged = `${Date.now() + 30_000} 203.0.113.77 ${"A".repeat(22)}`;
      const attack = newClient({ "x-headgate-visitor": forged });
      const statuses = [];
      for (let i = 0; i < 4; i += 1) statuses.push((await attack("/api/visited")).status);
      expect(statuses).toEqual([200, 200, 429, 429]);
    });
  });
}
