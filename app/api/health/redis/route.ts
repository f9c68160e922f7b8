import { redisHealth } from "#app/_domain/health";
import { tools } from "#app/_domain/headgate";
import { methodHandlers } from "#app/_domain/http/problem";
import { logFailures } from "#lib/observe/log";

const report = logFailures((line) => console.warn(line));

function health(): Promise<Response> {
  const onFailure = (error: unknown) => report({ kind: "failure", what: "redis health", error });
  return redisHealth({ redis: tools().redis, onFailure });
}

const { notAllowed, options } = methodHandlers("GET", "HEAD");

export {
  health as GET,
  options as OPTIONS,
  notAllowed as POST,
  notAllowed as PUT,
  notAllowed as PATCH,
  notAllowed as DELETE,
};
