import { redisHealth } from "#app/_domain/health";
import { tools } from "#app/_domain/headgate";
import { getRoute } from "#app/_domain/http/get-route";
import { reportFailure } from "#app/_domain/report-failure";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute(() =>
  redisHealth({
    redis: tools.redis,
    onFailure: (error) => reportFailure("redis health", error),
  }),
);
