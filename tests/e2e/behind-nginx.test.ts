import { behindNginx } from "../support/nginx.ts";
import { describeApp } from "./suite/index.ts";

describeApp(behindNginx);
