import { redisHealth } from "#app/_domain/health";
import { reportFailure } from "#app/_domain/failures";
import { tools } from "#app/_domain/headgate";
import { methodHandlers } from "#app/_domain/http/problem";

function health(): Promise<Response> {
  const onFailure = (error: unknown) => reportFailure("redis health", error);
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
