// A process that works under a claim until it is killed: by `once`, or for an idempotent request.
import { parseArgs } from "node:util";
import { idempotent } from "#lib/idempotency/idempotent";
import { makeTools } from "./tools.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "" },
    token: { type: "string", default: "" },
    namespace: { type: "string", default: "" },
    of: { type: "string", default: "once" },
  },
});
const LEASE = 0.5;

const { dedup } = makeTools(values, fetch, values.namespace);
const say = () => void process.stdout.write("at work\n");

if (values.of === "once") {
  await dedup.once("job", { lease: LEASE, window: 300 }, async () => {
    say();
    await new Promise(() => {});
  });
} else {
  const stream = () => new ReadableStream<Uint8Array>({ pull: say, type: "bytes" });
  const handler = idempotent(
    () => new Response(stream()),
    { dedup, onFailure() {} },
    { caller: () => "ada", lease: LEASE },
  );
  const headers = { "idempotency-key": '"k"' };
  await handler(new Request("http://app.example/orders", { method: "POST", headers, body: "{}" }));
}
