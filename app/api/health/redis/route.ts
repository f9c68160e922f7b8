import { createStoreHealth } from "headgate/health";
import { admin } from "#app/_domain/auth/current";
import { gate, storeWatch } from "#app/_domain/gate";
import { redisHealth } from "#app/_domain/health";
import { getRoute } from "#app/_domain/http/get-route";

const health = createStoreHealth({ ...gate, watch: storeWatch });

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = getRoute((request) =>
  redisHealth(request, { health, admin }),
);
