import { POLICY } from "../policy-file.ts";
import { servingProgram } from "../serving-program.ts";

const HELP = `Serves the Next app of this folder with its limits.

  npx headgate start             checks ${POLICY} if there is one, and serves the build
  npx headgate start other.ts    checks another policy file first
  npx headgate start --port 4000 --hostname 0.0.0.0
                                 listens there, whatever PORT and HOST are; -p and -H for short
  npx headgate start --with server.ts
                                 starts the companions of the file with the app (defineServer of headgate/cli)

The command builds the app if it is not built; headgate build builds it again. If no store is configured, it
starts one and prints which. A folder that output: "standalone" made needs a store that the environment names.
SIGTERM and SIGINT stop the server after the requests in flight are answered.

Environment, or .env files as Next reads them:
  PORT, HOST                  where to listen; 3000 on 127.0.0.1
  REDIS_URL                   the Redis that counts; if unset, one is started
  UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
                              a REST store, instead of both
  CLIENT_IP_FROM              behind a proxy: hops:1
  HEADGATE_BATCH=0            hands each request to Next by itself, and not those that arrive together
`;

export default servingProgram({ name: "headgate start", help: HELP, mode: "production" });
