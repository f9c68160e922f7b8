import { gate } from "#app/_domain/gate";
import { redisHealth } from "#app/_domain/health";
import { tools } from "#app/_domain/headgate";
import { getRoute } from "#app/_domain/http/get-route";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute(() =>
  redisHealth({
    redis: tools.redis,
    onFailure: (error) => gate.onFailure("redis health", error),
  }),
);
