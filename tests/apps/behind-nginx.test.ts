import { behindNginx } from "../support/nginx.ts";
import { describeApp } from "../e2e/suite/index.ts";

describeApp(behindNginx);
